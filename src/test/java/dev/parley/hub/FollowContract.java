package dev.parley.hub;

import static dev.parley.hub.HubFixture.ACME;
import static dev.parley.hub.HubFixture.LINGER;
import static dev.parley.hub.HubFixture.TRUSTED;
import static dev.parley.hub.HubFixture.at;
import static dev.parley.hub.HubFixture.ephemeral;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.auth.Access;
import dev.parley.error.ErrorCode;
import dev.parley.protocol.ResumeGap;
import dev.parley.store.LogEntry;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What everybody receives who follows a conversation, by a Flux or by a socket. At most {@link #LIMIT} bytes wait for one. */
public abstract class FollowContract {

    protected static final int LIMIT = Hub.MAX_BUFFERED;

    /** Of a large event: five are more than a quarter of the limit, nine more than half, eighteen more than all of it. The channel takes some. */
    private static final int LARGE = 60_000;

    /** Somebody who follows the conversation {@code c}. */
    public interface Follower {

        /** What it has received since this was called last, as {@link FrameBrief} says; {@code refused:<code>} or {@code slow} at its end. */
        List<String> news();

        void stopReading();

        void readAgain();

        void leave();
    }

    @RegisterExtension
    final HubFixture hub = new HubFixture();

    protected abstract Follower follow(Hub conversations, @Nullable String since, Access access);

    private Follower follow(@Nullable Integer since) {
        return follow(hub.hub, since == null ? null : at(since).toString(), TRUSTED);
    }

    /** One that has got a snapshot at that position and follows live. */
    private Follower live(int position) {
        Follower follower = follow(null);
        hub.acknowledge();
        hub.snapshot(position);
        assertThat(follower.news()).containsExactly("subscribed", "snapshot:" + position);
        return follower;
    }

    private static LogEntry large(int n) {
        return new LogEntry(at(n), null, false, largeEvent(n).getBytes(StandardCharsets.UTF_8));
    }

    private static String largeEvent(int n) {
        String payload = "\"conversation_id\":\"c\",\"n\":" + n + ",\"text\":\"" + "x".repeat(LARGE) + "\"";
        return "{\"event\":\"agent.note\",\"payload\":{" + payload + "}}";
    }

    private void largeLive(int n) {
        String event = largeEvent(n);
        hub.publish(at(n - 1) + " " + at(n) + " - " + event.length() + " " + event);
    }

    @Test
    void aSnapshotComesFirstAndThenWhatComesLive() {
        Follower follower = live(1);
        hub.live(1, 2);
        hub.live(2, 3);
        assertThat(follower.news()).containsExactly("2", "3");
    }

    @Test
    void whoResumesReceivesWhatItMissedAndThenWhatComesLive() {
        Follower follower = follow(1);
        hub.acknowledge();
        hub.live(3, 4);
        hub.missed(1, 2, 3);
        assertThat(follower.news()).containsExactly("resumed:1", "2", "3", "4");
    }

    @Test
    void whoCannotResumeReceivesAGapAndASnapshot() {
        Follower follower = follow(1);
        hub.acknowledge();
        hub.snapshot(9, ResumeGap.Reason.TRIMMED);
        assertThat(follower.news()).containsExactly("gap:trimmed", "snapshot:9");
    }

    @Test
    void aLossInTheMiddleIsAGapAndASnapshot() {
        Follower follower = live(1);
        hub.live(2, 3);
        hub.snapshot(3, ResumeGap.Reason.LOST);
        hub.live(3, 4);
        assertThat(follower.news()).containsExactly("gap:lost", "snapshot:3", "4");
    }

    @Test
    void anEventThatWaitsForRedisIsShownAndThenPlaced() {
        Follower follower = live(1);
        hub.pending(2);
        hub.live(1, 2, "e2");
        assertThat(follower.news()).containsExactly("e2?", "e2@2");
    }

    @Test
    void anEphemeralEventHasNoPosition() {
        Follower follower = live(1);
        assertThat(hub.hub.publishEphemeral(
                        ephemeral("{'event':'agent.note','payload':{'conversation_id':'c','n':7}}")))
                .isTrue();
        assertThat(follower.news()).containsExactly("~7");
    }

    @Test
    void everyFollowerFollowsByItself() {
        Follower first = live(1);
        Follower second = follow(0);
        hub.missed(0, 1);
        hub.live(1, 2);
        assertThat(first.news()).containsExactly("2");
        assertThat(second.news()).containsExactly("resumed:0", "1", "2");
        first.leave();
        hub.live(2, 3);
        assertThat(first.news()).isEmpty();
        assertThat(second.news()).containsExactly("3");
    }

    @Test
    void aConversationIsHostedUntilItsLastFollowerHasLeft() {
        Follower first = live(1);
        Follower second = follow(1);
        hub.missed(1);
        first.leave();
        hub.pass(LINGER);
        assertThat(hub.hub.size()).isEqualTo(1);
        second.leave();
        hub.pass(LINGER);
        assertThat(hub.hub.size()).isZero();
    }

    @Test
    void whoseConversationItIsNotIsRefused() {
        Follower follower = follow(hub.hub, null, ACME);
        hub.acknowledge();
        hub.readFails(ErrorCode.NOT_FOUND);
        hub.live(0, 1);
        assertThat(follower.news()).containsExactly("refused:not_found");
        hub.pass(LINGER);
        assertThat(hub.hub.size()).as("it has left").isZero();
    }

    @Test
    void theNextPageIsReadWhenThereIsRoomForIt() {
        Follower follower = follow(0);
        follower.stopReading();
        hub.acknowledge();
        hub.missed(
                0,
                9,
                IntStream.rangeClosed(1, 7).mapToObj(FollowContract::large).toList());
        hub.nothingIsRead();
        follower.readAgain();
        assertThat(follower.news()).containsExactly("resumed:0", "1", "2", "3", "4", "5", "6", "7");
        hub.missed(7, 9, List.of(large(8), large(9)));
        assertThat(follower.news()).containsExactly("8", "9");
    }

    @Test
    void aBreakOfTheLogIsAGapThatSaysWhy() {
        Follower follower = live(1);
        hub.breakLive(1, 5);
        hub.snapshot(5, ResumeGap.Reason.STREAM_TRIMMED);
        assertThat(follower.news()).containsExactly("gap:stream_trimmed", "snapshot:5");
    }

    @Test
    void aSnapshotIsReadAgainWhenThereIsRoomForIt() {
        Follower follower = follow(hub.hub, null, ACME);
        hub.acknowledge();
        hub.snapshot(1);
        follower.stopReading();
        IntStream.rangeClosed(2, 10).forEach(this::largeLive);
        hub.breakLive(10, 11);
        hub.snapshot(11, ResumeGap.Reason.STREAM_TRIMMED);
        hub.snapshot(11, ResumeGap.Reason.STREAM_TRIMMED);
        hub.nothingIsRead();
        follower.readAgain();
        List<String> news = follower.news();
        assertThat(news)
                .startsWith("subscribed", "snapshot:1", "2")
                .endsWith("9", "10")
                .hasSize(11);
        hub.snapshot(12, ResumeGap.Reason.STREAM_TRIMMED);
        assertThat(follower.news()).containsExactly("gap:stream_trimmed", "snapshot:12");
    }

    @Test
    void whoReadsTooSlowlyReceivesNoMoreAndLeaves() {
        Follower follower = live(1);
        follower.stopReading();
        IntStream.rangeClosed(2, 30).forEach(this::largeLive);
        hub.pass(LINGER);
        assertThat(hub.hub.size()).as("it has left").isZero();
        follower.readAgain();
        List<String> news = follower.news();
        assertThat(news).endsWith("slow").hasSizeLessThan(25);
        assertThat(news.subList(0, news.size() - 1))
                .as("what came is without a hole")
                .isEqualTo(IntStream.range(2, news.size() + 1)
                        .mapToObj(String::valueOf)
                        .toList());
    }

    @Test
    void ephemeralEventsAreDroppedFirst() {
        Follower follower = live(1);
        follower.stopReading();
        IntStream.rangeClosed(2, 13).forEach(this::largeLive);
        assertThat(hub.hub.publishEphemeral(ephemeral(largeEvent(77)))).isTrue();
        hub.live(13, 14);
        follower.readAgain();
        assertThat(follower.news())
                .isEqualTo(
                        IntStream.rangeClosed(2, 14).mapToObj(String::valueOf).toList());
    }

    @Test
    void aPositionThatIsNoneIsTold() {
        Follower follower = follow(hub.hub, "yesterday", TRUSTED);
        hub.acknowledge();
        hub.snapshot(2);
        assertThat(follower.news()).containsExactly("gap:malformed", "snapshot:2");
    }
}
