package dev.parley.hub;

import static dev.parley.hub.HubFixture.ACME;
import static dev.parley.hub.HubFixture.OTHER;
import static dev.parley.hub.HubFixture.TRUSTED;
import static dev.parley.hub.HubFixture.at;
import static dev.parley.hub.HubFixture.entry;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.protocol.ResumeGap;
import dev.parley.store.LogEntry;
import dev.parley.store.ScriptedEventStore.JoinRequest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Mono;

/** Events that are shown before the log has them, since Redis is unavailable, and what becomes of them. */
final class ShownPendingEventsTest {

    @RegisterExtension
    private final HubFixture hub = new HubFixture();

    /** The log has event n, which waited: it comes live, and the publisher is answered. */
    private void placed(int prev, int n) {
        hub.live(prev, n, "e" + n);
        hub.hub.placed(hub.queued(n), at(n));
    }

    @Test
    void whatWaitsIsShownAsPendingAndItsPlaceWhenTheLogHasIt() {
        RecordingFollower follower = hub.live(1);
        hub.pending(2);
        assertThat(follower.last("event"))
                .hasToString(
                        "{\"type\":\"event\",\"conversation\":\"c\",\"event_id\":\"e2\",\"pending\":true,\"event\":"
                                + new String(hub.queued(2).event().bytes(), StandardCharsets.UTF_8) + "}");
        placed(1, 2);
        assertThat(follower.last("placed"))
                .hasToString("{\"type\":\"placed\",\"conversation\":\"c\",\"event_id\":\"e2\",\"position\":\"2-0\"}");
        hub.live(2, 3);
        assertThat(follower.shown()).isEqualTo("e2? e2@2 3");
        hub.nothingIsRead();
    }

    @Test
    void thePublisherMayBeAnsweredBeforeTheEventComesLive() {
        RecordingFollower follower = hub.live(1);
        hub.pending(2);
        hub.hub.stored("c", at(2));
        hub.hub.placed(hub.queued(2), at(2));
        hub.live(1, 2, "e2");
        assertThat(follower.shown()).isEqualTo("e2? e2@2");
    }

    @Test
    void severalAreShownInTheirOrderAndPlacedAmongOthers() {
        RecordingFollower follower = hub.live(1);
        hub.pending(3);
        hub.hub.pending(hub.queued(4), "e3");
        hub.live(1, 2);
        placed(2, 3);
        placed(3, 4);
        assertThat(follower.shown()).isEqualTo("e3? e4? 2 e3@3 e4@4");
    }

    @Test
    void aPlaceThatIsReadFromTheLogIsShownAsOne() {
        RecordingFollower follower = hub.live(1);
        hub.pending(2);
        hub.live(3, 4);
        hub.missed(1, 4, List.of(entry(2, "e2"), entry(3), entry(4)));
        assertThat(follower.shown()).isEqualTo("e2? e2@2 3 4");
    }

    @Test
    void aPlaceSaysWhetherTheEventIsLate() {
        RecordingFollower follower = hub.live(1);
        hub.pending(2);
        hub.live(3, 4);
        hub.missed(1, 4, List.of(new LogEntry(at(2), "e2", true, new byte[] {'{', '}'}), entry(3), entry(4)));
        assertThat(follower.shown()).isEqualTo("e2? e2@2! 3 4");
    }

    @Test
    void anEventOfAConversationThatIsNotHostedIsShownToNobody() {
        hub.pending(1);
        hub.hub.placed(hub.queued(1), at(1));
        hub.hub.refused(hub.queued(1));
        assertThat(hub.hub.size()).isZero();
    }

    // Who sees it.

    @Test
    void whoStillReadsIsShownItWhenTheLogHasIt() {
        RecordingFollower reading = hub.join();
        hub.acknowledge();
        hub.pending(2);
        hub.snapshot(1);
        placed(1, 2);
        assertThat(reading.shown()).isEqualTo("subscribed snapshot:1 2");
    }

    @Test
    void whoJoinsAfterItIsShownItInFullWhenTheLogHasIt() {
        RecordingFollower first = hub.live(1);
        hub.pending(2);
        RecordingFollower second = hub.live(1);
        placed(1, 2);
        assertThat(first.shown()).isEqualTo("e2? e2@2");
        assertThat(second.shown()).isEqualTo("2");
    }

    @Test
    void whoJoinedAfterOneThatWaitsIsNotShownTheNextBeforeThatOne() {
        RecordingFollower first = hub.live(1);
        hub.pending(2);
        RecordingFollower second = hub.live(1);
        RecordingFollower third = hub.resume(1);
        hub.missed(1);
        hub.hub.pending(hub.queued(3), "e2");
        assertThat(first.shown()).isEqualTo("e2? e3?");
        placed(1, 2);
        placed(2, 3);
        hub.pending(4);
        placed(3, 4);
        assertThat(first.shown()).isEqualTo("e2? e3? e2@2 e3@3 e4? e4@4");
        assertThat(second.shown()).isEqualTo("2 3 e4? e4@4");
        assertThat(third.shown()).isEqualTo("resumed:1 2 3 e4? e4@4");
    }

    @Test
    void whatACheckedPublisherSaysIsShownToItsOwnTenantUntilTheLogHasSaidYes() {
        RecordingFollower own = hub.live(1, ACME);
        RecordingFollower stranger = hub.live(1, OTHER);
        RecordingFollower trusted = hub.live(1, TRUSTED);
        hub.hub.pending(hub.queued(2, ACME), null);
        assertThat(own.shown()).isEqualTo("e2?");
        hub.live(1, 2, "e2");
        assertThat(own.shown()).isEqualTo("e2? e2@2");
        assertThat(stranger.shown()).isEqualTo("2");
        assertThat(trusted.shown()).isEqualTo("2");
    }

    @Test
    void whatATrustedPublisherSaysIsShownToEverybody() {
        RecordingFollower one = hub.live(1, ACME);
        RecordingFollower other = hub.live(1, OTHER);
        hub.pending(2);
        assertThat(one.shown() + other.shown()).isEqualTo("e2?e2?");
    }

    @Test
    void whoGoesOnAtTheEndWhileTheLogCannotBeReadIsShownWhatWaits() {
        RecordingFollower first = hub.live(1);
        hub.pending(2);
        RecordingFollower second = hub.resume(1);
        hub.readFails();
        hub.hub.pending(hub.queued(3), "e2");
        placed(1, 2);
        placed(2, 3);
        assertThat(first.shown()).isEqualTo("e2? e3? e2@2 e3@3");
        assertThat(second.shown()).isEqualTo("resumed:1 e2? e3? e2@2 e3@3");
    }

    @Test
    void whoWasShownTheArchiveIsShownWhatWaitsAndThenAllOfItFromTheLog() {
        hub.archive.answerEach(recall -> Mono.just(new SnapshotFallback.Recalled("null", "[]")));
        RecordingFollower first = hub.live(1);
        hub.pending(2);
        RecordingFollower second = hub.join();
        hub.readFails();
        assertThat(second.shown()).isEqualTo("subscribed snapshot:archive e2?");
        placed(1, 2);
        hub.pass(HubFixture.LONGEST_RETRY);
        hub.snapshot(2);
        assertThat(second.shown()).isEqualTo("subscribed snapshot:archive e2? gap:archive snapshot:2");
        assertThat(first.shown()).isEqualTo("e2? e2@2");
    }

    // Order.

    @Test
    void whatComesAfterSomethingStoredThatWasNotShownIsNotShownBeforeThat() {
        RecordingFollower follower = hub.live(1);
        hub.hub.stored("c", at(2));
        hub.pending(3);
        assertThat(follower.shown()).isEmpty();
        hub.live(1, 2);
        hub.hub.pending(hub.queued(4), "e3");
        placed(2, 3);
        placed(3, 4);
        assertThat(follower.shown()).isEqualTo("2 3 4");
        hub.pending(5);
        assertThat(follower.shown()).isEqualTo("2 3 4 e5?");
    }

    @Test
    void whatWaitsAfterSomethingFromBeforeAnybodyWasHereIsNotShown() {
        RecordingFollower follower = hub.live(1);
        hub.hub.pending(hub.queued(3), "e2");
        placed(1, 2);
        placed(2, 3);
        assertThat(follower.shown()).isEqualTo("2 3");
    }

    @Test
    void whatHasComeAlreadyIsNotShownAgain() {
        RecordingFollower follower = hub.live(1);
        hub.live(1, 2, "e2");
        // Its append's answer was lost.
        hub.pending(2);
        hub.hub.placed(hub.queued(2), at(2));
        assertThat(follower.shown()).isEqualTo("2");
        hub.nothingIsRead();
    }

    @Test
    void whatTheFirstReadHadAlreadyIsNotShownAgain() {
        RecordingFollower follower = hub.resume(1);
        hub.acknowledge();
        hub.missed(1, 2, List.of(entry(2, "e2")));
        hub.pending(2);
        hub.hub.placed(hub.queued(2), at(2));
        assertThat(follower.shown()).isEqualTo("resumed:1 2");
        hub.nothingIsRead();
    }

    @Test
    void beforeAnybodyHasReadTheLogWhatIsStoredThereComesFirst() {
        RecordingFollower follower = hub.join();
        hub.hub.stored("c", at(1));
        hub.acknowledge();
        hub.pending(2);
        hub.snapshot(1);
        hub.hub.pending(hub.queued(3), "e2");
        placed(1, 2);
        placed(2, 3);
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:1 2 3");
    }

    // What does not come, or comes to nothing.

    @Test
    void whoWasShownWhatIsRefusedGetsEverythingAsItStands() {
        RecordingFollower first = hub.live(1);
        hub.pending(2);
        RecordingFollower second = hub.live(1);
        hub.hub.refused(hub.queued(2));
        assertThat(hub.store.joins().requests()).last().isEqualTo(new JoinRequest("c", null, TRUSTED));
        hub.snapshot(1);
        hub.live(1, 3);
        assertThat(first.shown()).isEqualTo("e2? subscribed snapshot:1 3");
        assertThat(second.shown()).as("it was never shown it").isEqualTo("3");
        hub.nothingIsRead();
    }

    @Test
    void whatIsRefusedWithoutHavingBeenShownIsNobodysMatter() {
        RecordingFollower follower = hub.live(1);
        hub.hub.pending(hub.queued(3), "e2");
        hub.hub.refused(hub.queued(3));
        hub.pending(4);
        assertThat(follower.shown()).isEqualTo("e4?");
        hub.nothingIsRead();
    }

    @Test
    void whatWasInTheLogSinceBeforeItWasShownMakesWhoSawItBeginAnew() {
        RecordingFollower follower = hub.live(5);
        hub.pending(2);
        // A duplicate: the log has had it at 2 for long.
        hub.hub.placed(hub.queued(2), at(2));
        hub.snapshot(5);
        hub.live(5, 6);
        assertThat(follower.shown()).isEqualTo("e2? subscribed snapshot:5 6");
    }

    @Test
    void aPlaceIsForgottenWhenEverybodyHasIt() {
        RecordingFollower first = hub.live(1);
        hub.pending(2);
        placed(1, 2);
        RecordingFollower second = hub.resume(1);
        hub.missed(1, 2, List.of(entry(2, "e2")));
        RecordingFollower third = hub.join();
        hub.readFails();
        assertThat(first.shown()).isEqualTo("e2? e2@2");
        assertThat(second.shown()).isEqualTo("resumed:1 2");
        assertThat(third.shown()).isEqualTo("refused:unavailable");
        RecordingFollower fourth = hub.resume(2);
        hub.readFails();
        assertThat(fourth.shown()).isEqualTo("resumed:2");
    }

    @Test
    void whoJoinedAfterOneThatWaitedIsShownTheNextAsSoonAsThatOneHasCome() {
        RecordingFollower first = hub.live(1);
        hub.pending(2);
        RecordingFollower second = hub.live(1);
        hub.hub.placed(hub.queued(2), at(2));
        hub.live(1, 2, "e2");
        hub.pending(3);
        assertThat(first.shown()).isEqualTo("e2? e2@2 e3?");
        assertThat(second.shown()).isEqualTo("2 e3?");
    }

    @Test
    void whoStillReadsIsNotShownWhatWaitsAfterSomethingThatWasRefused() {
        RecordingFollower follower = hub.join();
        hub.acknowledge();
        hub.pending(2);
        hub.hub.refused(hub.queued(2));
        hub.pending(3);
        assertThat(follower.shown()).isEmpty();
        hub.snapshot(1);
        placed(1, 3);
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:1 3");
    }

    @Test
    void aPlaceIsRememberedWhileSomebodyStillReads() {
        RecordingFollower first = hub.live(1);
        hub.pending(2);
        RecordingFollower reading = hub.resume(1);
        placed(1, 2);
        hub.pending(3);
        hub.missed(1, 2, List.of(entry(2, "e2")));
        placed(2, 3);
        assertThat(first.shown()).isEqualTo("e2? e2@2 e3? e3@3");
        assertThat(reading.shown()).isEqualTo("resumed:1 2 3");
    }

    @Test
    void aGapInTheMiddleOfPendingEventsLeavesThemToTheSnapshot() {
        RecordingFollower follower = hub.live(1);
        hub.pending(2);
        hub.live(7, 8);
        hub.snapshot(8, ResumeGap.Reason.LOST);
        hub.live(8, 9, "e2");
        assertThat(follower.shown()).isEqualTo("e2? gap:lost snapshot:8 9");
    }

    @Test
    void whatIsPlacedBeforeAnybodyHasReadTheLogIsInWhatIsRead() {
        RecordingFollower follower = hub.join();
        hub.acknowledge();
        hub.pending(2);
        placed(1, 2);
        hub.snapshot(2);
        hub.live(2, 3);
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:2 3");
    }

    @Test
    void whoIsShownTheArchiveSeesWhatOthersHaveGotFromTheLogAsPending() {
        hub.archive.answerEach(recall -> Mono.just(new SnapshotFallback.Recalled("null", "[]")));
        RecordingFollower first = hub.live(1);
        hub.pending(2);
        RecordingFollower reading = hub.join(OTHER);
        RecordingFollower recalled = hub.join();
        placed(1, 2);
        hub.snapshot(1);
        hub.readFails();
        assertThat(first.shown()).isEqualTo("e2? e2@2");
        assertThat(reading.shown()).isEqualTo("subscribed snapshot:1 2");
        assertThat(recalled.shown()).isEqualTo("subscribed snapshot:archive e2?");
    }

    @Test
    void whatWaitsWhileNobodyIsHereIsShownToNobodyAndNotBeforeTheNext() {
        RecordingFollower gone = hub.join();
        gone.leave();
        hub.pending(1);
        hub.acknowledge();
        RecordingFollower follower = hub.live(0);
        hub.hub.pending(hub.queued(2), "e1");
        placed(0, 1);
        placed(1, 2);
        assertThat(follower.shown()).isEqualTo("1 2");
        assertThat(gone.shown()).isEmpty();
    }

    @Test
    void anAnswerFromBeforeARefusalCountsForNothing() {
        RecordingFollower follower = hub.join(hub.slow(), TRUSTED, "1-0");
        hub.acknowledge();
        hub.turn();
        hub.page(1, 4, 2, 3);
        hub.turn();
        hub.pending(5);
        hub.turn();
        hub.hub.refused(hub.queued(5));
        hub.missed(3, 4);
        hub.turn();
        hub.live(4, 6);
        hub.snapshot(4);
        hub.turn();
        assertThat(follower.shown()).isEqualTo("resumed:1 2 3 e5? subscribed snapshot:4 6");
        hub.nothingIsRead();
    }
}
