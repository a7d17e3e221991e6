package dev.parley.hub;

import static dev.parley.hub.HubFixture.CHECK_INTERVAL;
import static dev.parley.hub.HubFixture.OTHER_TRUSTED;
import static dev.parley.hub.HubFixture.TRUSTED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.protocol.ResumeGap;
import dev.parley.store.JoinResult;
import dev.parley.store.ScriptedEventStore.JoinRequest;
import dev.parley.support.ScriptedCalls;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Mono;

/** Durable streams have lost events: the log says so with a break, behind which nobody goes on from before it. */
final class StreamLossTest {

    private static final long NOW = 1_700_000_000_000L;

    @RegisterExtension
    private final HubFixture hub = new HubFixture();

    @Test
    void aBreakIsShownToNobodyAndEverybodyBeginsAnew() {
        RecordingFollower follower = hub.live(0);
        hub.live(0, 1);
        hub.breakLive(1, 2);
        hub.live(2, 3);
        hub.snapshot(2, ResumeGap.Reason.STREAM_TRIMMED);
        assertThat(follower.shown()).isEqualTo("1 gap:stream_trimmed snapshot:2 3");
    }

    @Test
    void aBreakDuringTheFirstReadIsReadAsWell() {
        RecordingFollower follower = hub.join();
        hub.acknowledge();
        hub.breakLive(0, 1);
        hub.live(1, 2);
        hub.snapshot(0);
        hub.snapshot(2, ResumeGap.Reason.STREAM_TRIMMED);
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:0 gap:stream_trimmed snapshot:2");
        hub.nothingIsRead();
    }

    @Test
    void whoReadsBeforeABreakReadsAgain() {
        RecordingFollower first = hub.live(0);
        RecordingFollower second = hub.join(OTHER_TRUSTED);
        hub.live(0, 1);
        hub.breakLive(1, 2);
        ScriptedCalls.Call<JoinRequest, JoinResult> late = hub.store.joins().next();
        hub.snapshot(2, ResumeGap.Reason.STREAM_TRIMMED);
        HubFixture.snapshot(late, 0, null);
        hub.snapshot(2, ResumeGap.Reason.STREAM_TRIMMED);
        assertThat(first.shown()).isEqualTo("1 gap:stream_trimmed snapshot:2");
        // The first event is in the second snapshot.
        assertThat(second.shown()).isEqualTo("subscribed snapshot:0 gap:stream_trimmed snapshot:2");
        hub.nothingIsRead();
    }

    @Test
    void whoReadsBeforeABreakIsShownWhatCameBeforeIt() {
        RecordingFollower first = hub.live(0);
        RecordingFollower second = hub.join(OTHER_TRUSTED);
        hub.live(0, 1);
        hub.breakLive(1, 2);
        hub.live(2, 3);
        hub.snapshot(0);
        assertThat(second.shown()).isEqualTo("subscribed snapshot:0 1");
        hub.snapshot(3, ResumeGap.Reason.STREAM_TRIMMED);
        assertThat(first.shown()).isEqualTo("1 gap:stream_trimmed snapshot:3");
        assertThat(second.shown()).isEqualTo("subscribed snapshot:0 1 gap:stream_trimmed snapshot:3");
        hub.nothingIsRead();
    }

    @Test
    void aLossIsReadForWhoeverIsHere() {
        hub.hub.open();
        RecordingFollower live = hub.live(1);
        RecordingFollower reading = hub.join(OTHER_TRUSTED);
        ScriptedCalls.Call<JoinRequest, JoinResult> early = hub.store.joins().next();
        hub.store.losses().found(NOW);
        hub.snapshot(2, ResumeGap.Reason.STREAM_TRIMMED);
        HubFixture.snapshot(early, 1, null);
        hub.snapshot(2);
        assertThat(live.shown()).isEqualTo("gap:stream_trimmed snapshot:2");
        assertThat(reading.shown())
                .as("what was read before counts for nothing")
                .isEqualTo("subscribed snapshot:2");
        hub.nothingIsRead();
    }

    @Test
    void aLossThatIsNotOfThisConversationIsShownToNobody() {
        hub.hub.open();
        RecordingFollower follower = hub.live(1);
        hub.store.losses().found(NOW);
        hub.missed(1);
        hub.live(1, 2);
        assertThat(follower.shown()).isEqualTo("2");
    }

    @Test
    void aLossDuringARepairMakesThatBeginAnew() {
        hub.hub.open();
        RecordingFollower follower = hub.live(1);
        hub.live(2, 3);
        ScriptedCalls.Call<JoinRequest, JoinResult> early = hub.store.joins().next();
        hub.store.losses().found(NOW);
        HubFixture.snapshot(early, 3, ResumeGap.Reason.LOST);
        assertThat(follower.shown())
                .as("what was read before counts for nothing")
                .isEmpty();
        hub.snapshot(4, ResumeGap.Reason.STREAM_TRIMMED);
        assertThat(follower.shown()).isEqualTo("gap:stream_trimmed snapshot:4");
        assertThat(hub.hub.repairCount()).isEqualTo(1);
        hub.nothingIsRead();
    }

    @Test
    void aLossBeforeAnythingWasReadIsInTheFirstRead() {
        hub.hub.open();
        RecordingFollower follower = hub.join();
        hub.store.losses().found(NOW);
        hub.nothingIsRead();
        hub.acknowledge();
        hub.store.losses().found(NOW);
        ScriptedCalls.Call<JoinRequest, JoinResult> early = hub.store.joins().next();
        HubFixture.snapshot(early, 1, null);
        hub.snapshot(2);
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:2");
        assertThat(hub.hub.repairCount()).isZero();
    }

    @Test
    void anAnswerFromBeforeTheLossWasFoundCountsForNothing() {
        hub.hub.open();
        RecordingFollower follower = hub.join(hub.slow(), TRUSTED, null);
        hub.acknowledge();
        hub.turn();
        hub.store.losses().found(NOW);
        hub.snapshot(1);
        hub.turn();
        assertThat(follower.shown()).isEmpty();
        hub.snapshot(2);
        hub.turn();
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:2");
    }

    @Test
    void whoWaitsForRoomReadsWhenThereIsRoom() {
        hub.hub.open();
        RecordingFollower follower = hub.resume(1);
        hub.acknowledge();
        follower.fill();
        hub.page(1, 4, 2, 3);
        hub.store.losses().found(NOW);
        hub.nothingIsRead();
        follower.makeRoom();
        hub.snapshot(5, ResumeGap.Reason.STREAM_TRIMMED);
        assertThat(follower.shown()).isEqualTo("resumed:1 2 3 gap:stream_trimmed snapshot:5");
    }

    @Test
    void lossesAreLookedForWithEachCheckOfPositions() {
        hub.hub.open();
        RecordingFollower follower = hub.live(1, TRUSTED);
        hub.pass(CHECK_INTERVAL);
        assertThat(hub.store.losses().looks().requests()).hasSize(1);
        hub.store.glances().answerEach(names -> Mono.empty());
        hub.store.glances().next().complete();
        hub.store
                .losses()
                .looks()
                .answerEach(look -> Mono.error(new IllegalStateException("as it should in this test")));
        hub.pass(CHECK_INTERVAL);
        assertThat(hub.store.losses().looks().requests()).hasSize(2);
        assertThat(hub.store.glances().requests())
                .as("positions are compared all the same")
                .hasSize(2);
        assertThat(follower.shown()).isEmpty();
    }
}
