package dev.parley.hub;

import static dev.parley.hub.HubFixture.ACME;
import static dev.parley.hub.HubFixture.JOIN_TIMEOUT;
import static dev.parley.hub.HubFixture.LONGEST_RETRY;
import static dev.parley.hub.HubFixture.OTHER;
import static dev.parley.hub.HubFixture.OTHER_TRUSTED;
import static dev.parley.hub.HubFixture.TRUSTED;
import static dev.parley.hub.HubFixture.at;
import static dev.parley.hub.HubFixture.ephemeral;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.error.ErrorCode;
import dev.parley.protocol.ResumeGap;
import dev.parley.store.JoinResult;
import dev.parley.store.ScriptedEventStore.JoinRequest;
import dev.parley.support.ScriptedCalls;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.Disposable;

/** What somebody who joins a conversation is shown, before and after the subscription is acknowledged. */
final class JoinTest {

    @RegisterExtension
    private final HubFixture hub = new HubFixture();

    @Test
    void nothingIsReadBeforeTheSubscriptionIsAcknowledged() {
        RecordingFollower follower = hub.join();
        hub.nothingIsRead();
        hub.acknowledge();
        hub.snapshot(0);
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:0");
    }

    @Test
    void everybodyWhoWaitsForTheAcknowledgementReadsThen() {
        RecordingFollower first = hub.join(TRUSTED);
        RecordingFollower second = hub.join(ACME);
        hub.acknowledge();
        hub.snapshot(1);
        hub.snapshot(2);
        assertThat(first.shown()).isEqualTo("subscribed snapshot:1");
        assertThat(second.shown()).isEqualTo("subscribed snapshot:2");
    }

    @Test
    void whoJoinsAfterTheAcknowledgementReadsImmediately() {
        hub.live(1);
        RecordingFollower second = hub.join();
        hub.snapshot(1);
        hub.live(1, 2);
        assertThat(second.shown()).isEqualTo("subscribed snapshot:1 2");
    }

    @Test
    void theLogIsReadWithTheRightsOfWhoJoins() {
        RecordingFollower unused = hub.join(ACME);
        hub.acknowledge();
        assertThat(hub.store.joins().next().request()).isEqualTo(new JoinRequest("c", null, ACME));
    }

    @Test
    void theAnswerHasTheRefOfTheRequestAndTheSnapshotHasWhatTheLogHad() {
        RecordingFollower follower = new RecordingFollower();
        follower.follows(hub.hub.subscribe("c", follower, TRUSTED, "\"r1\"", null));
        hub.acknowledge();
        hub.store
                .joins()
                .next()
                .answer(new JoinResult.Snapshot(
                        at(3),
                        null,
                        "{\"status\":\"active\"}",
                        "[{\"content\":\"hi\"}]",
                        List.of("{\"run\":\"r\"}"),
                        false));
        assertThat(follower.last("subscribed"))
                .hasToString(
                        "{\"type\":\"subscribed\",\"ref\":\"r1\",\"conversation\":\"c\",\"position\":\"3-0\",\"resumed\":false}");
        assertThat(follower.last("snapshot"))
                .hasToString(
                        "{\"type\":\"snapshot\",\"conversation\":\"c\",\"position\":\"3-0\","
                                + "\"session\":{\"status\":\"active\"},\"messages\":[{\"content\":\"hi\"}],\"runs\":[{\"run\":\"r\"}]}");
    }

    @Test
    void onlyTheFirstAnswerHasTheRef() {
        RecordingFollower follower = new RecordingFollower();
        follower.follows(hub.hub.subscribe("c", follower, TRUSTED, "7", "1-0"));
        hub.acknowledge();
        hub.missed(1);
        assertThat(follower.last("subscribed"))
                .hasToString(
                        "{\"type\":\"subscribed\",\"ref\":7,\"conversation\":\"c\",\"position\":\"1-0\",\"resumed\":true}");
        hub.live(2, 3);
        hub.snapshot(3, ResumeGap.Reason.LOST);
        assertThat(follower.last("subscribed"))
                .hasToString("{\"type\":\"subscribed\",\"conversation\":\"c\",\"position\":\"3-0\",\"resumed\":false,"
                        + "\"gap\":{\"reason\":\"lost\",\"requested\":\"1-0\",\"first\":\"0\",\"last\":\"3-0\"}}");
    }

    @Test
    void whoResumesIsShownWhatItMissedAndThenWhatComesLive() {
        RecordingFollower follower = hub.resume(1);
        hub.acknowledge();
        hub.missed(1, 2, 3);
        hub.live(3, 4);
        assertThat(follower.shown()).isEqualTo("resumed:1 2 3 4");
    }

    @Test
    void whoResumesAtTheEndIsShownNothingButWhatComesLive() {
        RecordingFollower follower = hub.resume(3);
        hub.acknowledge();
        hub.missed(3);
        hub.live(3, 4);
        assertThat(follower.shown()).isEqualTo("resumed:3 4");
    }

    @Test
    void whoResumesFromTheBeginningIsShownAllThatThereIs() {
        RecordingFollower follower = hub.join(new RecordingFollower(), TRUSTED, "0");
        hub.acknowledge();
        hub.missed(0, 1, 2);
        assertThat(follower.shown()).isEqualTo("resumed:0 1 2");
    }

    @Test
    void whoseSinceIsNoPositionGetsAGapThatSaysSo() {
        RecordingFollower follower = hub.join(new RecordingFollower(), TRUSTED, "yesterday");
        hub.acknowledge();
        assertThat(hub.store.joins().requests()).containsExactly(new JoinRequest("c", null, TRUSTED));
        hub.snapshot(2);
        assertThat(follower.shown()).isEqualTo("gap:malformed snapshot:2");
        JsonNode gap = follower.last("subscribed").path("gap");
        assertThat(gap.path("requested").asText()).isEqualTo("yesterday");
        assertThat(gap.path("last").asText()).isEqualTo("2-0");
    }

    @Test
    void whoCannotResumeGetsTheGapOfTheLog() {
        RecordingFollower follower = hub.resume(1);
        hub.acknowledge();
        hub.snapshot(9, ResumeGap.Reason.TRIMMED);
        hub.live(9, 10);
        assertThat(follower.shown()).isEqualTo("gap:trimmed snapshot:9 10");
    }

    // Pages and room.

    @Test
    void whatWasMissedComesInPagesEachReadFromTheLastEventOfTheOneBefore() {
        RecordingFollower follower = hub.resume(1);
        hub.acknowledge();
        hub.page(1, 6, 2, 3);
        hub.page(3, 6, 4, 5);
        hub.page(5, 6, 6);
        hub.nothingIsRead();
        hub.live(6, 7);
        assertThat(follower.shown()).isEqualTo("resumed:1 2 3 4 5 6 7");
    }

    @Test
    void theNextPageIsReadWhenTheSocketHasRoom() {
        RecordingFollower follower = hub.resume(1);
        hub.acknowledge();
        follower.fill();
        hub.page(1, 4, 2, 3);
        hub.nothingIsRead();
        follower.makeRoom();
        hub.page(3, 4, 4);
        assertThat(follower.shown()).isEqualTo("resumed:1 2 3 4");
    }

    @Test
    void aSnapshotWithoutRoomForItIsReadAgainWhenThereIsRoom() {
        RecordingFollower follower = hub.join();
        follower.fill();
        hub.acknowledge();
        hub.snapshot(1);
        assertThat(follower.shown()).isEmpty();
        hub.nothingIsRead();
        follower.makeRoom();
        hub.snapshot(2);
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:2");
    }

    @Test
    void whoLeavesWhileItWaitsForRoomIsNotReadFor() {
        RecordingFollower follower = hub.resume(1);
        hub.acknowledge();
        follower.fill();
        hub.page(1, 4, 2, 3);
        follower.leave();
        follower.makeRoom();
        hub.nothingIsRead();
        assertThat(follower.shown()).isEqualTo("resumed:1 2 3");
    }

    // Leaving.

    @Test
    void whoHasLeftIsShownNothing() {
        RecordingFollower early = hub.join(TRUSTED);
        early.leave();
        hub.acknowledge();
        hub.nothingIsRead();
        RecordingFollower reading = hub.join(ACME);
        reading.leave();
        hub.snapshot(1);
        RecordingFollower live = hub.live(1);
        live.leave();
        hub.live(1, 2);
        assertThat(early.shown() + reading.shown() + live.shown()).isEmpty();
    }

    @Test
    void leavingTwiceIsLeavingOnce() {
        RecordingFollower follower = new RecordingFollower();
        Disposable place = hub.hub.subscribe("c", follower, TRUSTED, null, null);
        hub.acknowledge();
        hub.snapshot(0);
        RecordingFollower other = hub.live(0);
        place.dispose();
        place.dispose();
        hub.pass(HubFixture.LINGER.multipliedBy(2));
        hub.live(0, 1);
        assertThat(other.shown()).isEqualTo("1");
    }

    // Time and failures.

    @Test
    void whoseSubscriptionIsNotAcknowledgedInTimeIsRefused() {
        RecordingFollower follower = hub.join();
        hub.pass(JOIN_TIMEOUT.minusMillis(1));
        assertThat(follower.shown()).isEmpty();
        hub.pass(Duration.ofMillis(1));
        assertThat(follower.shown()).isEqualTo("refused:unavailable");
        assertThat(follower.refusal()).hasMessageContaining("Redis");
        hub.acknowledge();
        hub.nothingIsRead();
    }

    @Test
    void whoseReadIsSlowerThanTheTimeForTheAcknowledgementIsNotRefused() {
        RecordingFollower follower = hub.join();
        hub.acknowledge();
        hub.pass(JOIN_TIMEOUT.multipliedBy(2));
        hub.snapshot(1);
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:1");
    }

    @Test
    void whoHasLeftIsNotRefused() {
        RecordingFollower waiting = hub.join();
        waiting.leave();
        hub.pass(JOIN_TIMEOUT);
        hub.acknowledge();
        RecordingFollower reading = hub.join();
        reading.leave();
        hub.readFails(ErrorCode.NOT_FOUND);
        assertThat(waiting.shown() + reading.shown()).isEmpty();
    }

    @Test
    void whatIsNotThereForTheCallerIsRefused() {
        RecordingFollower follower = hub.join(ACME);
        hub.acknowledge();
        hub.readFails(ErrorCode.NOT_FOUND);
        assertThat(follower.shown()).isEqualTo("refused:not_found");
        RecordingFollower other = hub.join(ACME);
        hub.readFails(ErrorCode.CONFLICT);
        assertThat(other.shown()).isEqualTo("refused:conflict");
        hub.live(0, 1);
        hub.nothingIsRead();
    }

    @Test
    void aRefusalOfOneIsNoRefusalOfOthers() {
        RecordingFollower follower = hub.join(ACME);
        RecordingFollower refused = hub.join(OTHER);
        hub.acknowledge();
        hub.snapshot(0);
        hub.readFails(ErrorCode.NOT_FOUND);
        hub.live(1, 2);
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:0");
        assertThat(refused.shown()).isEqualTo("refused:not_found");
    }

    @Test
    void whateverElseGoesWrongWithAReadIsUnavailable() {
        RecordingFollower follower = hub.join();
        hub.acknowledge();
        hub.store.joins().next().fail(new IllegalStateException("as it should in this test"));
        assertThat(follower.shown()).isEqualTo("refused:unavailable");
        RecordingFollower other = hub.join();
        hub.store.joins().next().complete();
        assertThat(other.shown()).isEqualTo("refused:unavailable");
    }

    @Test
    void aRefusalThatIsNoOutageIsPassedOnAsItIs() {
        RecordingFollower follower = hub.join();
        hub.acknowledge();
        hub.readFails(ErrorCode.INTERNAL);
        assertThat(follower.shown()).isEqualTo("refused:internal");
        assertThat(hub.archive.requests()).isEmpty();
    }

    @Test
    void aReadThatFailsInTheMiddleOfAReplayIsRepeatedFromThere() {
        RecordingFollower follower = hub.resume(1);
        hub.acknowledge();
        hub.page(1, 4, 2, 3);
        hub.readFails();
        hub.nothingIsRead();
        hub.pass(LONGEST_RETRY);
        hub.readFails();
        hub.pass(LONGEST_RETRY);
        hub.page(3, 4, 4);
        assertThat(follower.shown()).isEqualTo("resumed:1 2 3 4");
    }

    @Test
    void theLongerReadsFailTheLongerTheNextIsWaitedForAndAnAnswerEndsThat() {
        RecordingFollower follower = hub.resume(1);
        hub.acknowledge();
        hub.page(1, 4, 2);
        for (int i = 0; i < 10; i++) {
            hub.readFails();
            hub.pass(LONGEST_RETRY);
        }
        hub.readFails();
        hub.pass(LONGEST_RETRY.dividedBy(2).minusMillis(1));
        hub.nothingIsRead();
        hub.pass(LONGEST_RETRY.dividedBy(2).plusMillis(1));
        hub.page(2, 4, 3);
        hub.readFails();
        hub.pass(Duration.ofMillis(100));
        hub.page(3, 4, 4);
        assertThat(follower.shown()).isEqualTo("resumed:1 2 3 4");
    }

    @Test
    void aConversationThatIsLostToSomebodyInTheMiddleOfAReplayIsRefused() {
        RecordingFollower follower = hub.resume(1);
        hub.acknowledge();
        hub.page(1, 4, 2, 3);
        hub.readFails(ErrorCode.NOT_FOUND);
        assertThat(follower.shown()).isEqualTo("resumed:1 2 3 refused:not_found");
    }

    // Going on while Redis is unavailable.

    @Test
    void whoIsAtTheEndGoesOnThereWhileTheLogCannotBeRead() {
        RecordingFollower other = hub.live(3);
        RecordingFollower follower = hub.resume(3);
        hub.readFails();
        hub.live(3, 4);
        assertThat(follower.shown()).isEqualTo("resumed:3 4");
        assertThat(other.shown()).isEqualTo("4");
    }

    @Test
    void whoIsAtTheEndOfWhatIsNotItsOwnDoesNotGoOnThere() {
        RecordingFollower other = hub.live(3, ACME);
        RecordingFollower follower = hub.join(new RecordingFollower(), ACME, "3-0");
        hub.readFails(ErrorCode.NOT_FOUND);
        assertThat(follower.shown()).isEqualTo("refused:not_found");
        assertThat(other.shown()).isEmpty();
    }

    @Test
    void whoIsNotAtTheEndIsRefusedWhileTheLogCannotBeRead() {
        RecordingFollower unused = hub.live(3);
        RecordingFollower follower = hub.resume(2);
        hub.readFails();
        assertThat(follower.shown()).isEqualTo("refused:unavailable");
        assertThat(hub.archive.requests()).as("it has something already").isEmpty();
    }

    @Test
    void whoseRightsAreCheckedGoesOnOnlyBesideOneOfItsOwnTenant() {
        RecordingFollower trusted = hub.live(3);
        RecordingFollower alone = hub.join(new RecordingFollower(), ACME, "3-0");
        hub.readFails();
        assertThat(alone.shown()).isEqualTo("refused:unavailable");

        RecordingFollower own = hub.live(3, ACME);
        RecordingFollower stranger = hub.join(new RecordingFollower(), OTHER, "3-0");
        hub.readFails();
        assertThat(stranger.shown()).isEqualTo("refused:unavailable");

        RecordingFollower beside = hub.join(new RecordingFollower(), ACME, "3-0");
        hub.readFails();
        hub.live(3, 4);
        assertThat(beside.shown()).isEqualTo("resumed:3 4");
        assertThat(own.shown() + trusted.shown()).isEqualTo("44");
    }

    @Test
    void whoIsBesideOneThatStillReadsDoesNotGoOnThere() {
        RecordingFollower trusted = hub.live(3);
        RecordingFollower reading = hub.join(ACME);
        RecordingFollower beside = hub.join(new RecordingFollower(), ACME, "3-0");
        ScriptedCalls.Call<JoinRequest, JoinResult> first = hub.store.joins().next();
        hub.readFails();
        assertThat(beside.shown()).isEqualTo("refused:unavailable");
        HubFixture.snapshot(first, 3, null);
        assertThat(reading.shown()).isEqualTo("subscribed snapshot:3");
        assertThat(trusted.shown()).isEmpty();
    }

    // What belongs to a join.

    @Test
    void whatMayNotHaveReachedItsInboxIsToldWhenTheLogSaysSo() {
        RecordingFollower first = hub.join();
        hub.acknowledge();
        hub.store.joins().next().answer(new JoinResult.Snapshot(at(1), null, "null", "[]", List.of(), true));
        assertThat(hub.inboxPending).containsExactly("c");
        RecordingFollower second = hub.resume(1);
        hub.missed(1);
        assertThat(hub.inboxPending).hasSize(1);
        RecordingFollower third = hub.resume(1);
        hub.store.joins().next().answer(new JoinResult.Missed(at(1), List.of(), true));
        assertThat(hub.inboxPending).containsExactly("c", "c");
        assertThat(first.shown() + " " + second.shown() + " " + third.shown())
                .isEqualTo("subscribed snapshot:1 resumed:1 resumed:1");
    }

    @Test
    void theSameSnapshotIsEncodedOnceForAllWhoAreShownIt() {
        RecordingFollower live = hub.live(1);
        RecordingFollower first = hub.join(TRUSTED);
        RecordingFollower second = hub.join(OTHER_TRUSTED);
        RecordingFollower third = hub.join(ACME);
        hub.snapshot(1);
        hub.snapshot(1);
        assertThat(second.frame(1)).isSameAs(first.frame(1));
        assertThat(
                        hub.hub.publishEphemeral(
                                ephemeral(
                                        "{'event':'agent.response.streaming','payload':{'conversation_id':'c','run':'r','chunk':'x'}}")))
                .isTrue();
        RecordingFollower fourth = hub.join(OTHER);
        hub.snapshot(1);
        assertThat(third.last("snapshot").path("runs")).hasSize(1);
        hub.snapshot(2);
        assertThat(fourth.shown()).isEqualTo("subscribed snapshot:2");
        assertThat(live.shown()).isEqualTo("~agent.response.streaming");
    }

    @Test
    void anEventIsEncodedOnceForAllWhoFollow() {
        RecordingFollower first = hub.live(0);
        RecordingFollower second = hub.join(OTHER_TRUSTED);
        hub.snapshot(0);
        hub.live(0, 1);
        assertThat(second.frame(2)).isSameAs(first.frame(2));
    }
}
