package dev.parley.hub;

import static dev.parley.hub.HubFixture.ACME;
import static dev.parley.hub.HubFixture.JOIN_TIMEOUT;
import static dev.parley.hub.HubFixture.LONGEST_RETRY;
import static dev.parley.hub.HubFixture.OTHER;
import static dev.parley.hub.HubFixture.TRUSTED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.error.ErrorCode;
import dev.parley.hub.HubFixture.Recall;
import dev.parley.support.ScriptedCalls;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Mono;

/** What somebody who has nothing yet is shown from the archive, while the log cannot be read. */
final class RecallTest {

    private static final SnapshotFallback.Recalled ARCHIVED =
            new SnapshotFallback.Recalled("{\"status\":\"idle\"}", "[{\"content\":\"hi\"}]");

    @RegisterExtension
    private final HubFixture hub = new HubFixture();

    @BeforeEach
    void somethingIsArchived() {
        hub.archive.answerEach(recall -> Mono.just(ARCHIVED));
    }

    @Test
    void whoHasNothingIsShownTheArchive() {
        RecordingFollower follower = hub.join(ACME);
        hub.acknowledge();
        hub.readFails();
        assertThat(hub.archive.requests()).containsExactly(new Recall("c", ACME));
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:archive");
        assertThat(follower.last("subscribed"))
                .hasToString("{\"type\":\"subscribed\",\"conversation\":\"c\",\"resumed\":false}");
        assertThat(follower.last("snapshot"))
                .hasToString("{\"type\":\"snapshot\",\"conversation\":\"c\",\"source\":\"archive\","
                        + "\"session\":{\"status\":\"idle\"},\"messages\":[{\"content\":\"hi\"}],\"runs\":[]}");
    }

    @Test
    void whenTheLogCanBeReadAgainItReplacesTheArchive() {
        RecordingFollower follower = hub.join();
        hub.acknowledge();
        hub.readFails();
        hub.pass(LONGEST_RETRY);
        hub.readFails();
        hub.pass(LONGEST_RETRY);
        hub.snapshot(3);
        hub.live(3, 4);
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:archive gap:archive snapshot:3 4");
        assertThat(follower.last("subscribed").path("gap"))
                .hasToString("{\"reason\":\"archive\",\"requested\":\"0\",\"first\":\"3-0\",\"last\":\"3-0\"}");
        assertThat(hub.archive.requests()).hasSize(1);
        hub.live(5, 6);
        hub.snapshot(6);
        assertThat(follower.shown()).as("the archive is told of once").endsWith(" subscribed snapshot:6");
    }

    @Test
    void whoIsNotAcknowledgedInTimeIsShownTheArchiveAndReadsWithTheAcknowledgement() {
        RecordingFollower follower = hub.join();
        hub.pass(HubFixture.LINGER);
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:archive");
        hub.nothingIsRead();
        hub.acknowledge();
        hub.live(0, 1);
        hub.snapshot(0);
        hub.nothingIsRead();
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:archive gap:archive snapshot:0 1");
    }

    @Test
    void theArchiveMayAnswerLater() {
        hub.archive.answerByHand();
        RecordingFollower follower = hub.join();
        hub.acknowledge();
        hub.readFails();
        assertThat(follower.shown()).isEmpty();
        hub.archive.next().answer(ARCHIVED);
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:archive");
    }

    @Test
    void anAcknowledgementMeanwhileMakesTheArchiveNeedless() {
        hub.archive.answerByHand();
        RecordingFollower follower = hub.join();
        hub.pass(JOIN_TIMEOUT);
        ScriptedCalls.Call<Recall, SnapshotFallback.Recalled> recall = hub.archive.next();
        hub.acknowledge();
        recall.answer(ARCHIVED);
        hub.snapshot(2);
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:2");
    }

    @Test
    void anArchiveThatComesAfterTheAcknowledgementDelaysNothing() {
        hub.archive.answerByHand();
        RecordingFollower follower = hub.join(hub.slow(), TRUSTED, null);
        hub.turn();
        hub.pass(JOIN_TIMEOUT);
        hub.turn();
        hub.acknowledge();
        hub.archive.next().answer(ARCHIVED);
        hub.turn();
        hub.snapshot(2);
        hub.turn();
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:2");
    }

    @Test
    void anAcknowledgementInTheLastMomentIsInTime() {
        RecordingFollower follower = hub.join(hub.slow(), TRUSTED, null);
        hub.turn();
        hub.acknowledge();
        hub.pass(JOIN_TIMEOUT);
        hub.turn();
        hub.snapshot(2);
        hub.turn();
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:2");
        assertThat(hub.archive.requests()).isEmpty();
    }

    @Test
    void whatIsNotArchivedIsUnavailable() {
        hub.archive.answerEach(recall -> Mono.empty());
        RecordingFollower follower = hub.join();
        hub.acknowledge();
        hub.readFails();
        assertThat(follower.shown()).isEqualTo("refused:unavailable");
        assertThat(follower.refusal()).hasMessage("as the test says");
    }

    @Test
    void anArchiveThatFailsChangesNothingAboutTheRefusal() {
        hub.archive.answerEach(recall -> Mono.error(new IllegalStateException("as it should in this test")));
        RecordingFollower follower = hub.join();
        hub.acknowledge();
        hub.readFails();
        assertThat(follower.shown()).isEqualTo("refused:unavailable");
        assertThat(follower.refusal()).hasMessage("as the test says");
    }

    @Test
    void whoHasAPositionIsNotShownTheArchive() {
        RecordingFollower follower = hub.resume(1);
        RecordingFollower malformed = hub.join(new RecordingFollower(), TRUSTED, "yesterday");
        hub.acknowledge();
        hub.readFails();
        hub.readFails();
        assertThat(follower.shown()).isEqualTo("refused:unavailable");
        assertThat(malformed.shown()).isEqualTo("refused:unavailable");
        assertThat(hub.archive.requests()).isEmpty();
    }

    @Test
    void whoLeavesWhileTheArchiveIsReadIsShownNothing() {
        hub.archive.answerByHand();
        RecordingFollower follower = hub.join();
        hub.acknowledge();
        hub.readFails();
        ScriptedCalls.Call<Recall, SnapshotFallback.Recalled> recall = hub.archive.next();
        follower.leave();
        assertThat(recall.isCancelled()).isTrue();
        recall.answer(ARCHIVED);
        assertThat(follower.shown()).isEmpty();
        hub.nothingIsRead();
    }

    @Test
    void whoWasShownTheArchiveAndMayNotReadTheLogIsRefused() {
        RecordingFollower follower = hub.join(OTHER);
        hub.acknowledge();
        hub.readFails();
        hub.pass(LONGEST_RETRY);
        hub.readFails(ErrorCode.NOT_FOUND);
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:archive refused:not_found");
    }

    @Test
    void whatWaitsForRedisIsShownAfterTheArchive() {
        RecordingFollower follower = hub.join();
        hub.pass(JOIN_TIMEOUT);
        hub.pending(1);
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:archive e1?");
        RecordingFollower second = hub.join();
        hub.pass(JOIN_TIMEOUT);
        hub.pending(2);
        assertThat(second.shown()).isEqualTo("subscribed snapshot:archive e1? e2?");
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:archive e1? e2?");
    }
}
