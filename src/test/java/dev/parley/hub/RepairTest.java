package dev.parley.hub;

import static dev.parley.hub.HubFixture.ACME;
import static dev.parley.hub.HubFixture.LONGEST_RETRY;
import static dev.parley.hub.HubFixture.OTHER_TRUSTED;
import static dev.parley.hub.HubFixture.TRUSTED;
import static dev.parley.hub.HubFixture.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.error.ErrorCode;
import dev.parley.protocol.ResumeGap;
import dev.parley.store.JoinResult;
import dev.parley.store.ScriptedEventStore.JoinRequest;
import dev.parley.support.ScriptedCalls;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What followers are shown when a live message is missing. */
final class RepairTest {

    @RegisterExtension
    private final HubFixture hub = new HubFixture();

    @Test
    void whatIsMissingIsReadByTheGatewayItselfFromTheLastPositionOn() {
        RecordingFollower trusted = hub.live(1);
        RecordingFollower checked = hub.live(1, ACME);
        hub.live(2, 3);
        assertThat(trusted.shown()).isEmpty();
        assertThat(hub.store.joins().requests()).last().isEqualTo(new JoinRequest("c", at(1), null));
        hub.missed(1, 2, 3);
        hub.live(3, 4);
        assertThat(trusted.shown()).isEqualTo("2 3 4");
        assertThat(checked.shown()).isEqualTo("2 3 4");
        assertThat(hub.hub.repairCount()).isEqualTo(1);
        hub.nothingIsRead();
    }

    @Test
    void aHoleInWhatComesLiveDuringTheFirstReadIsRead() {
        RecordingFollower follower = hub.join();
        hub.acknowledge();
        hub.live(1, 2);
        hub.snapshot(0);
        hub.missed(0, 1, 2);
        hub.live(2, 3);
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:0 1 2 3");
    }

    @Test
    void whatComesLiveDuringARepairIsShownAfterIt() {
        RecordingFollower follower = hub.live(1);
        hub.live(2, 3);
        hub.live(3, 4);
        hub.missed(1, 2, 3);
        hub.live(4, 5);
        assertThat(follower.shown()).isEqualTo("2 3 4 5");
        hub.nothingIsRead();
    }

    @Test
    void whatTheRepairHasReadAlreadyIsNotShownTwice() {
        RecordingFollower follower = hub.live(1);
        hub.live(2, 3);
        hub.live(3, 4);
        hub.live(4, 5);
        hub.missed(1, 2, 3, 4);
        assertThat(follower.shown()).isEqualTo("2 3 4 5");
        hub.nothingIsRead();
    }

    @Test
    void aSecondHoleIsReadAfterTheFirst() {
        RecordingFollower follower = hub.live(1);
        hub.live(2, 3);
        hub.live(4, 5);
        hub.missed(1, 2, 3);
        hub.missed(3, 4, 5);
        assertThat(follower.shown()).isEqualTo("2 3 4 5");
        assertThat(hub.hub.repairCount()).isEqualTo(2);
        hub.nothingIsRead();
    }

    @Test
    void muchThatIsMissingIsReadPageByPage() {
        RecordingFollower follower = hub.live(1);
        hub.live(6, 7);
        hub.page(1, 7, 2, 3);
        hub.page(3, 7, 4, 5);
        hub.page(5, 7, 6, 7);
        hub.live(7, 8);
        assertThat(follower.shown()).isEqualTo("2 3 4 5 6 7 8");
        assertThat(hub.hub.repairCount()).isEqualTo(1);
        hub.nothingIsRead();
    }

    @Test
    void whoJoinsDuringARepairIsShownAllOfIt() {
        RecordingFollower first = hub.live(1);
        hub.live(2, 3);
        RecordingFollower second = hub.join();
        ScriptedCalls.Call<JoinRequest, JoinResult> repair = hub.store.joins().next();
        hub.snapshot(1);
        repair.answer(new JoinResult.Missed(at(3), List.of(HubFixture.entry(2), HubFixture.entry(3)), false));
        assertThat(first.shown()).isEqualTo("2 3");
        assertThat(second.shown()).isEqualTo("subscribed snapshot:1 2 3");
    }

    @Test
    void aLiveMessageThatTheLogDoesNotHaveAnyMoreIsReadForOnce() {
        RecordingFollower follower = hub.live(1);
        // Number 2 was lost on its way, then Redis lost both.
        hub.live(2, 3);
        hub.missed(1);
        hub.nothingIsRead();
        hub.live(1, 4);
        assertThat(follower.shown()).isEqualTo("4");
        assertThat(hub.hub.repairCount()).isEqualTo(1);
    }

    // The last position is not in the log any more.

    @Test
    void whoIsTrustedGetsTheGapAndTheSnapshotThatTheRepairHasRead() {
        RecordingFollower follower = hub.live(1);
        hub.live(8, 9);
        hub.snapshot(9, ResumeGap.Reason.TRIMMED);
        hub.live(9, 10);
        assertThat(follower.shown()).isEqualTo("gap:trimmed snapshot:9 10");
        hub.nothingIsRead();
    }

    @Test
    void whoseRightsAreCheckedReadsTheGapItself() {
        RecordingFollower mine = hub.live(1, ACME);
        RecordingFollower trusted = hub.live(1);
        hub.live(8, 9);
        hub.snapshot(9, ResumeGap.Reason.TRIMMED);
        assertThat(trusted.shown()).isEqualTo("gap:trimmed snapshot:9");
        assertThat(mine.shown()).isEmpty();
        assertThat(hub.store.joins().requests()).last().isEqualTo(new JoinRequest("c", at(1), ACME));
        hub.readFails(ErrorCode.NOT_FOUND);
        assertThat(mine.shown()).isEqualTo("refused:not_found");
    }

    @Test
    void whoReadsMeanwhileHasItsOwnGap() {
        RecordingFollower first = hub.live(1);
        RecordingFollower second = hub.resume(1);
        hub.live(8, 9);
        ScriptedCalls.Call<JoinRequest, JoinResult> reading = hub.store.joins().next();
        hub.snapshot(9, ResumeGap.Reason.TRIMMED);
        HubFixture.snapshot(reading, 9, ResumeGap.Reason.TRIMMED);
        hub.live(9, 10);
        assertThat(first.shown()).isEqualTo("gap:trimmed snapshot:9 10");
        assertThat(second.shown()).isEqualTo("gap:trimmed snapshot:9 10");
        hub.nothingIsRead();
    }

    // What fails.

    @Test
    void aRepairThatFailsIsRepeatedUntilItSucceeds() {
        RecordingFollower follower = hub.live(1);
        hub.live(2, 3);
        for (int i = 0; i < 5; i++) {
            hub.readFails();
            hub.nothingIsRead();
            hub.pass(LONGEST_RETRY);
        }
        hub.live(3, 4);
        hub.missed(1, 2, 3, 4);
        assertThat(follower.shown()).isEqualTo("2 3 4");
        assertThat(hub.hub.repairCount()).isEqualTo(1);
    }

    @Test
    void anAnswerEndsTheLongerWaits() {
        RecordingFollower follower = hub.live(1);
        hub.live(2, 3);
        for (int i = 0; i < 10; i++) {
            hub.readFails();
            hub.pass(LONGEST_RETRY);
        }
        hub.missed(1, 2, 3);
        hub.live(4, 5);
        hub.readFails();
        hub.pass(Duration.ofMillis(49));
        hub.nothingIsRead();
        hub.pass(Duration.ofMillis(51));
        hub.missed(3, 4, 5);
        assertThat(follower.shown()).isEqualTo("2 3 4 5");
    }

    @Test
    void aConversationThatNobodyFollowsAnyMoreIsNotRepaired() {
        RecordingFollower follower = hub.live(1);
        hub.live(2, 3);
        hub.readFails();
        follower.leave();
        hub.pass(HubFixture.LINGER);
        while (hub.store.joins().waiting() > 0) {
            hub.readFails();
        }
        hub.pass(HubFixture.LINGER);
        hub.nothingIsRead();
        assertThat(hub.channels.channels()).isEmpty();
    }

    // Something was stored and does not come.

    @Test
    void whatWasStoredAndComesIsShownAsAnythingElse() {
        RecordingFollower follower = hub.live(1);
        hub.hub.stored("c", at(3));
        hub.hub.stored("c", at(2));
        hub.live(1, 2);
        hub.live(2, 3);
        hub.live(3, 4);
        assertThat(follower.shown()).isEqualTo("2 3 4");
        hub.nothingIsRead();
    }

    @Test
    void whatWasStoredAndIsPassedOverIsAskedForAndEverybodyGetsAGapWhenItIsLost() {
        RecordingFollower follower = hub.live(1);
        hub.hub.stored("c", at(2));
        hub.live(1, 3);
        assertThat(follower.shown()).isEmpty();
        assertThat(hub.store.joins().requests()).last().isEqualTo(new JoinRequest("c", at(2), null));
        hub.snapshot(3, ResumeGap.Reason.LOST);
        hub.live(3, 4);
        assertThat(follower.shown()).isEqualTo("gap:lost snapshot:3 4");
        hub.nothingIsRead();
    }

    @Test
    void whatWasStoredAndIsThereAfterAllIsReadFromTheLastPositionOn() {
        RecordingFollower follower = hub.live(1);
        hub.hub.stored("c", at(2));
        hub.live(2, 3);
        hub.missed(2, 3);
        assertThat(follower.shown()).isEmpty();
        hub.missed(1, 2, 3);
        hub.live(3, 4);
        assertThat(follower.shown()).isEqualTo("2 3 4");
        assertThat(hub.hub.repairCount()).isEqualTo(1);
        hub.nothingIsRead();
    }

    @Test
    void whatWasProvedOnceIsNotAskedForAgain() {
        RecordingFollower follower = hub.live(1);
        hub.hub.stored("c", at(2));
        hub.live(2, 3);
        hub.missed(2, 3);
        hub.readFails();
        hub.pass(LONGEST_RETRY);
        hub.missed(1, 2, 3);
        assertThat(follower.shown()).isEqualTo("2 3");
    }

    @Test
    void whatWasProvedBeforeAGapProvesNothingAfterIt() {
        RecordingFollower follower = hub.live(1);
        hub.hub.stored("c", at(5));
        hub.live(5, 6);
        hub.missed(5, 6);
        hub.snapshot(2, ResumeGap.Reason.LOST);
        // The clock of the master that took over is behind.
        hub.hub.stored("c", at(3));
        hub.live(2, 4);
        assertThat(hub.store.joins().requests()).last().isEqualTo(new JoinRequest("c", at(3), null));
        hub.snapshot(4, ResumeGap.Reason.LOST);
        assertThat(follower.shown()).isEqualTo("gap:lost snapshot:2 gap:lost snapshot:4");
    }

    @Test
    void whatWasStoredIsAskedForAgainWhenItCouldNotBeAsked() {
        RecordingFollower follower = hub.live(1);
        hub.hub.stored("c", at(2));
        hub.live(1, 3);
        hub.readFails();
        hub.pass(LONGEST_RETRY);
        assertThat(hub.store.joins().requests()).last().isEqualTo(new JoinRequest("c", at(2), null));
        hub.snapshot(3, ResumeGap.Reason.LOST);
        assertThat(follower.shown()).isEqualTo("gap:lost snapshot:3");
    }

    @Test
    void whoReplaysWhileSomethingStoredIsFoundLostGetsAGapToo() {
        RecordingFollower live = hub.live(5);
        RecordingFollower replaying = hub.resume(1);
        RecordingFollower joining = hub.join(OTHER_TRUSTED);
        hub.page(1, 5, 2, 3);
        ScriptedCalls.Call<JoinRequest, JoinResult> snapshot = hub.store.joins().next();
        ScriptedCalls.Call<JoinRequest, JoinResult> page = hub.store.joins().next();
        hub.hub.stored("c", at(6));
        hub.live(5, 7);
        hub.snapshot(7, ResumeGap.Reason.LOST);
        assertThat(hub.store.joins().requests()).last().isEqualTo(new JoinRequest("c", at(6), TRUSTED));
        hub.snapshot(7, ResumeGap.Reason.LOST);
        HubFixture.snapshot(snapshot, 7, null);
        page.answer(new JoinResult.Missed(at(7), List.of(HubFixture.entry(4), HubFixture.entry(5)), false));
        hub.live(7, 8);
        assertThat(live.shown()).isEqualTo("gap:lost snapshot:7 8");
        assertThat(replaying.shown()).isEqualTo("resumed:1 2 3 gap:lost snapshot:7 8");
        assertThat(joining.shown()).isEqualTo("subscribed snapshot:7 8");
        hub.nothingIsRead();
    }

    @Test
    void aPageFromBeforeALossWasFoundDoesNotHideTheGap() {
        RecordingFollower live = hub.join(hub.slow(), TRUSTED, null);
        hub.acknowledge();
        hub.turn();
        hub.snapshot(5);
        hub.turn();
        RecordingFollower replaying = hub.resume(1);
        hub.turn();
        hub.page(1, 5, 2, 3);
        hub.turn();
        ScriptedCalls.Call<JoinRequest, JoinResult> page = hub.store.joins().next();
        // Redis loses number 6, and has number 7 when it is asked.
        hub.hub.stored("c", at(6));
        hub.live(5, 7);
        hub.turn();
        hub.snapshot(7, ResumeGap.Reason.LOST);
        page.answer(new JoinResult.Missed(at(7), List.of(HubFixture.entry(4), HubFixture.entry(5)), false));
        hub.turn();
        assertThat(hub.store.joins().requests()).last().isEqualTo(new JoinRequest("c", at(6), TRUSTED));
        hub.snapshot(7, ResumeGap.Reason.LOST);
        hub.turn();
        assertThat(live.shown()).isEqualTo("subscribed snapshot:5 gap:lost snapshot:7");
        assertThat(replaying.shown()).isEqualTo("resumed:1 2 3 gap:lost snapshot:7");
        hub.nothingIsRead();
    }

    @Test
    void anAnswerFromBeforeSomethingWasAskedForProvesNothing() {
        hub.hub.open();
        RecordingFollower follower = hub.join(hub.slow(), TRUSTED, null);
        hub.acknowledge();
        hub.turn();
        hub.snapshot(1);
        hub.turn();
        hub.live(4, 5);
        hub.turn();
        ScriptedCalls.Call<JoinRequest, JoinResult> early = hub.store.joins().next();
        hub.hub.stored("c", at(2));
        hub.store.losses().found(1_700_000_000_000L);
        early.answer(new JoinResult.Missed(at(5), List.of(HubFixture.entry(3), HubFixture.entry(5)), false));
        hub.turn();
        assertThat(hub.store.joins().requests()).last().isEqualTo(new JoinRequest("c", at(2), null));
        hub.snapshot(5, ResumeGap.Reason.LOST);
        hub.turn();
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:1 gap:lost snapshot:5");
    }

    @Test
    void aFailureFromBeforeALossWasFoundDelaysNothing() {
        hub.hub.open();
        RecordingFollower follower = hub.join(hub.slow(), TRUSTED, null);
        hub.acknowledge();
        hub.turn();
        hub.snapshot(1);
        hub.turn();
        hub.live(2, 3);
        hub.turn();
        hub.store.losses().found(1_700_000_000_000L);
        hub.readFails();
        hub.turn();
        hub.missed(1, 2, 3);
        hub.turn();
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:1 2 3");
    }

    @Test
    void aTailThatIsFoundLostDuringARepairNeedsNoOther() {
        RecordingFollower first = hub.live(3);
        hub.live(3, 4);
        RecordingFollower second = hub.join();
        hub.live(5, 6);
        hub.snapshot(1);
        hub.snapshot(6, ResumeGap.Reason.LOST);
        hub.live(6, 7);
        assertThat(first.shown()).isEqualTo("4 gap:lost snapshot:6 7");
        assertThat(second.shown()).isEqualTo("subscribed snapshot:1 gap:lost snapshot:6 7");
        assertThat(hub.hub.repairCount()).isEqualTo(1);
        hub.nothingIsRead();
    }

    @Test
    void whoseRightsAreCheckedReadsFromWhatWasStoredAndIsLost() {
        RecordingFollower follower = hub.live(1, ACME);
        hub.hub.stored("c", at(2));
        hub.live(1, 3);
        hub.snapshot(3, ResumeGap.Reason.LOST);
        assertThat(hub.store.joins().requests()).last().isEqualTo(new JoinRequest("c", at(2), ACME));
        hub.snapshot(3, ResumeGap.Reason.LOST);
        assertThat(follower.shown()).isEqualTo("gap:lost snapshot:3");
    }

    @Test
    void whatIsStoredElsewhereIsNoMatterHere() {
        RecordingFollower follower = hub.live(1);
        hub.hub.stored("another", at(9));
        hub.live(1, 10);
        assertThat(follower.shown()).isEqualTo("10");
    }
}
