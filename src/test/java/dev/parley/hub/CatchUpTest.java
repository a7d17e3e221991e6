package dev.parley.hub;

import static dev.parley.hub.HubFixture.ACME;
import static dev.parley.hub.HubFixture.OTHER_TRUSTED;
import static dev.parley.hub.HubFixture.TRUSTED;
import static dev.parley.hub.HubFixture.at;
import static dev.parley.hub.HubFixture.range;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.protocol.ResumeGap;
import dev.parley.store.JoinResult;
import dev.parley.store.ScriptedEventStore.JoinRequest;
import dev.parley.support.ScriptedCalls;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What comes live while somebody reads the log: everybody is shown every event once and in order. */
final class CatchUpTest {

    @RegisterExtension
    private final HubFixture hub = new HubFixture();

    @Test
    void whatComesLiveDuringTheFirstReadIsShownAsSoonAsThatIsAnswered() {
        RecordingFollower follower = hub.join();
        hub.acknowledge();
        hub.live(0, 1);
        hub.live(1, 2);
        hub.snapshot(0);
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:0 1 2");
        assertThat(hub.hub.repairCount()).isZero();
    }

    @Test
    void whatTheFirstReadHasAlreadyIsNotShownTwice() {
        RecordingFollower follower = hub.join();
        hub.acknowledge();
        hub.live(0, 1);
        hub.live(1, 2);
        hub.snapshot(1);
        hub.live(2, 3);
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:1 2 3");
    }

    @Test
    void whatComesLiveDuringTheFirstReadIsShownToEachOfSeveralReaders() {
        RecordingFollower first = hub.join(TRUSTED);
        RecordingFollower second = hub.join(OTHER_TRUSTED);
        hub.acknowledge();
        hub.live(0, 1);
        hub.snapshot(0);
        hub.live(1, 2);
        hub.snapshot(0);
        hub.live(2, 3);
        assertThat(first.shown()).isEqualTo("subscribed snapshot:0 1 2 3");
        assertThat(second.shown()).isEqualTo("subscribed snapshot:0 1 2 3");
        hub.nothingIsRead();
    }

    @Test
    void whatComesLiveWhileOneLeavesDuringTheFirstReadIsShownToTheOther() {
        RecordingFollower leaving = hub.join(OTHER_TRUSTED);
        RecordingFollower follower = hub.join();
        hub.acknowledge();
        hub.live(0, 1);
        leaving.leave();
        hub.live(1, 2);
        hub.snapshot(0);
        hub.snapshot(0);
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:0 1 2");
        assertThat(leaving.shown()).isEmpty();
    }

    @Test
    void whatComesLiveDuringALaterReadIsShownAsWell() {
        RecordingFollower first = hub.live(0);
        RecordingFollower second = hub.join();
        hub.live(0, 1);
        hub.snapshot(0);
        hub.live(1, 2);
        assertThat(first.shown()).isEqualTo("1 2");
        assertThat(second.shown()).isEqualTo("subscribed snapshot:0 1 2");
    }

    @Test
    void severalEventsOfOneAppendComeInOneMessage() {
        RecordingFollower follower = hub.live(0);
        String one = HubFixture.event(1);
        String two = HubFixture.event(2);
        hub.publish("0 1-0 - " + one.length() + " " + one + " 2-0 e2 " + two.length() + "! " + two);
        assertThat(follower.shown()).isEqualTo("1 2!");
        assertThat(follower.last("event").path("event_id").asText()).isEqualTo("e2");
    }

    @Test
    void whatIsNoLiveMessageIsIgnored() {
        RecordingFollower follower = hub.live(0);
        hub.publish("hello");
        hub.live(0, 1);
        assertThat(follower.shown()).isEqualTo("1");
        hub.nothingIsRead();
    }

    @Test
    void aLiveMessageThatComesAgainIsShownOnce() {
        RecordingFollower follower = hub.live(0);
        hub.live(0, 1);
        hub.live(1, 2);
        hub.live(0, 1);
        hub.live(1, 2);
        assertThat(follower.shown()).isEqualTo("1 2");
        hub.nothingIsRead();
    }

    @Test
    void whoIsSlowerThanAnotherReadsWhatThatOneHasMore() {
        RecordingFollower first = hub.join(TRUSTED);
        RecordingFollower second = hub.join(OTHER_TRUSTED);
        hub.acknowledge();
        ScriptedCalls.Call<JoinRequest, JoinResult> early = hub.store.joins().next();
        hub.snapshot(3);
        HubFixture.snapshot(early, 1, null);
        hub.missed(1, 2, 3);
        hub.live(3, 4);
        assertThat(first.shown()).isEqualTo("subscribed snapshot:1 2 3 4");
        assertThat(second.shown()).isEqualTo("subscribed snapshot:3 4");
    }

    @Test
    void whoReadsMoreThanThisNodeHasHeardOfIsNotShownItTwice() {
        RecordingFollower first = hub.live(1);
        RecordingFollower second = hub.join();
        hub.snapshot(3);
        hub.live(3, 4);
        hub.missed(1, 2, 3, 4);
        hub.live(4, 5);
        assertThat(first.shown()).isEqualTo("2 3 4 5");
        assertThat(second.shown()).isEqualTo("subscribed snapshot:3 4 5");
    }

    // More comes than is kept.

    @Test
    void whoReadsWhileMoreComesThanIsKeptReadsOnInTheLog() {
        int[] many = range(1, 1_025);
        RecordingFollower first = hub.live(0);
        RecordingFollower second = hub.join();
        for (int n : many) {
            hub.live(n - 1, n);
        }
        hub.snapshot(0);
        hub.page(0, 1_025, range(1, 1_000));
        hub.page(1_000, 1_025, range(1_001, 1_025));
        hub.nothingIsRead();
        hub.live(1_025, 1_026);
        String all = IntStream.rangeClosed(1, 1_026).mapToObj(String::valueOf).collect(Collectors.joining(" "));
        assertThat(first.shown()).isEqualTo(all);
        assertThat(second.shown()).isEqualTo("subscribed snapshot:0 %s", all);
    }

    @Test
    void asManyAsAreKeptNeedNoSecondRead() {
        RecordingFollower first = hub.live(0);
        RecordingFollower second = hub.join();
        for (int n : range(1, 1_024)) {
            hub.live(n - 1, n);
        }
        hub.snapshot(0);
        hub.nothingIsRead();
        assertThat(second.shown()).isEqualTo("subscribed snapshot:0 %s", first.shown());
    }

    private void large(int prev, int n, int bytes) {
        String event = HubFixture.event(n).replace("\"n\"", "\"x\":\"" + "x".repeat(bytes) + "\",\"n\"");
        hub.publish(at(prev) + " " + at(n) + " - " + event.length() + " " + event);
    }

    @Test
    void whatIsKeptIsBoundedInBytesToo() {
        RecordingFollower first = hub.live(0);
        RecordingFollower second = hub.join();
        for (int n : range(1, 17)) {
            large(n - 1, n, 64 * 1024);
        }
        hub.snapshot(0);
        hub.missed(0, range(1, 17));
        hub.nothingIsRead();
        assertThat(second.shown()).isEqualTo("subscribed snapshot:0 %s", first.shown());
    }

    @Test
    void oneEventIsKeptHoweverLargeItIs() {
        RecordingFollower unused = hub.live(0);
        RecordingFollower second = hub.join();
        large(0, 1, 1 << 20);
        hub.snapshot(0);
        hub.nothingIsRead();
        assertThat(second.shown()).isEqualTo("subscribed snapshot:0 1");
    }

    // The log ends before what was handed out.

    @Test
    void aLogThatEndsBeforeWhatWasShownHasLostItsTailAndEverybodyIsTold() {
        RecordingFollower first = hub.live(1);
        hub.live(1, 2);
        hub.live(2, 3);
        RecordingFollower second = hub.join();
        hub.snapshot(1);
        assertThat(hub.store.joins().next().request()).isEqualTo(new JoinRequest("c", at(3), null));
        assertThat(hub.hub.repairCount()).isEqualTo(1);
        assertThat(second.shown()).isEqualTo("subscribed snapshot:1");
        assertThat(first.shown()).isEqualTo("2 3");
    }

    @Test
    void whenTheTailIsLostEverybodyGetsAGapAndGoesOnFromTheLogAsItIs() {
        RecordingFollower first = hub.live(1);
        hub.live(1, 2);
        hub.live(2, 3);
        RecordingFollower second = hub.join();
        hub.snapshot(1);
        hub.snapshot(1, ResumeGap.Reason.FUTURE);
        hub.live(1, 4);
        assertThat(first.shown()).isEqualTo("2 3 gap:future snapshot:1 4");
        assertThat(second.shown()).isEqualTo("subscribed snapshot:1 gap:future snapshot:1 4");
        hub.nothingIsRead();
    }

    @Test
    void whoseReadWasOfAMasterWithoutTheTailReadsOnWhenTheTailIsThereAfterAll() {
        RecordingFollower first = hub.live(1);
        hub.live(1, 2);
        RecordingFollower second = hub.join();
        hub.snapshot(1);
        hub.missed(2);
        hub.live(2, 3);
        hub.missed(1, 2, 3);
        hub.live(3, 4);
        assertThat(first.shown()).isEqualTo("2 3 4");
        assertThat(second.shown()).isEqualTo("subscribed snapshot:1 2 3 4");
    }

    @Test
    void whatComesLiveAfterALostTailIsShownToWhoHasReadTheLogAsItIs() {
        RecordingFollower first = hub.live(1);
        hub.live(1, 5);
        RecordingFollower second = hub.join(ACME);
        hub.live(6, 7);
        // Redis has lost number 5 and what came after it, and its clock goes behind.
        hub.live(1, 2);
        hub.snapshot(1);
        assertThat(second.shown()).isEqualTo("subscribed snapshot:1 2");
        hub.snapshot(2, ResumeGap.Reason.FUTURE);
        hub.missed(2);
        hub.live(2, 8);
        assertThat(first.shown()).isEqualTo("5 gap:future snapshot:2 8");
        assertThat(second.shown()).isEqualTo("subscribed snapshot:1 2 8");
        hub.nothingIsRead();
    }
}
