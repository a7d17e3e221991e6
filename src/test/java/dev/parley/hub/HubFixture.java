package dev.parley.hub;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.auth.Access;
import dev.parley.config.TestSettings;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import dev.parley.event.Position;
import dev.parley.protocol.ResumeGap;
import dev.parley.redis.Keys;
import dev.parley.redis.ScriptedLiveChannels;
import dev.parley.resilience.QueuedEvent;
import dev.parley.store.JoinResult;
import dev.parley.store.LogEntry;
import dev.parley.store.ScriptedEventStore;
import dev.parley.store.ScriptedEventStore.JoinRequest;
import dev.parley.support.ScriptedCalls;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

/**
 * A hub on virtual time, with a scripted store and scripted live channels. The conversation is {@code c}; its event number n is at
 * position n-0 of the log. The hub runs on the test's thread: each call here returns when all is done that follows from it.
 */
final class HubFixture implements AfterEachCallback {

    static final Access TRUSTED = new Access("ops", false, true);
    static final Access OTHER_TRUSTED = new Access("watch", false, true);
    static final Access ACME = new Access("acme", true, true);
    static final Access OTHER = new Access("other", true, true);

    private static final HubSettings SETTINGS = TestSettings.of(HubSettings.class, "hub.linger", "30s");
    static final Duration LINGER = SETTINGS.hub().linger();
    static final Duration CHECK_INTERVAL = SETTINGS.hub().checkInterval();
    static final Duration SILENCE = SETTINGS.runs().silence();
    static final Duration JOIN_TIMEOUT = SETTINGS.redis().commandTimeout();
    /** No retry waits for longer. */
    static final Duration LONGEST_RETRY = Duration.ofSeconds(2);

    static final String CHANNEL = Keys.DEFAULT.live("c");

    record Recall(String conversation, Access access) {}

    final VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet();
    final ScriptedEventStore store = new ScriptedEventStore();
    final ScriptedLiveChannels channels = new ScriptedLiveChannels();
    final ScriptedCalls<Recall, SnapshotFallback.Recalled> archive = new ScriptedCalls<>("recall");
    final List<String> inboxPending = new ArrayList<>();
    private final Queue<Runnable> slowLoop = new ArrayDeque<>();
    final Hub hub = new Hub(
            store,
            channels,
            Keys.DEFAULT,
            SETTINGS,
            (conversation, access) ->
                    archive.call(new Recall(conversation, access)).next(),
            inboxPending::add,
            () -> time.now(TimeUnit.NANOSECONDS));

    HubFixture() {
        store.losses().looks().answerEach(look -> Mono.empty());
        archive.answerEach(recall -> Mono.empty());
    }

    @Override
    public void afterEach(ExtensionContext context) {
        hub.dispose();
        VirtualTimeScheduler.reset();
    }

    void pass(Duration duration) {
        time.advanceTimeBy(duration);
    }

    // Followers.

    RecordingFollower join() {
        return join(TRUSTED);
    }

    RecordingFollower join(Access access) {
        return join(new RecordingFollower(), access, null);
    }

    RecordingFollower resume(int since) {
        return join(new RecordingFollower(), TRUSTED, at(since).toString());
    }

    RecordingFollower join(RecordingFollower follower, Access access, @Nullable String since) {
        follower.follows(hub.subscribe("c", follower, access, null, since));
        return follower;
    }

    /** One that has got a snapshot at that position and follows live. */
    @CanIgnoreReturnValue
    RecordingFollower live(int position) {
        return live(position, TRUSTED);
    }

    @CanIgnoreReturnValue
    RecordingFollower live(int position, Access access) {
        RecordingFollower follower = join(access);
        acknowledge();
        snapshot(position);
        assertThat(follower.news()).isEqualTo("subscribed snapshot:%d", position);
        return follower;
    }

    /** A follower whose event loop has other work: the conversation that it is first to join does nothing before its {@link #turn}. */
    RecordingFollower slow() {
        return new RecordingFollower(slowLoop::add);
    }

    /** Lets the slow event loop do all that it has to do; returns whether there was something. */
    @CanIgnoreReturnValue
    boolean turn() {
        boolean did = !slowLoop.isEmpty();
        while (!slowLoop.isEmpty()) {
            slowLoop.remove().run();
        }
        return did;
    }

    // The live channel.

    void acknowledge() {
        channels.acknowledge(CHANNEL);
    }

    /** An event comes live. */
    void live(int prev, int n) {
        live(prev, n, "-");
    }

    /** An event with an id comes live. */
    void live(int prev, int n, String id) {
        publish(at(prev) + " " + at(n) + " " + id + " " + event(n).length() + " " + event(n));
    }

    /** The log's break comes live: events before it are missing. */
    void breakLive(int prev, int n) {
        live(prev, n, "{1700000000000}");
    }

    void publish(String message) {
        channels.publish(CHANNEL, message.getBytes(StandardCharsets.UTF_8));
    }

    // Reads of the log. Each answers the oldest that waits.

    void snapshot(int last) {
        snapshot(last, null);
    }

    /** A snapshot instead of what was missed. */
    void snapshot(int last, ResumeGap.@Nullable Reason reason) {
        snapshot(store.joins().next(), last, reason);
    }

    static void snapshot(
            ScriptedCalls.Call<JoinRequest, JoinResult> read, int last, ResumeGap.@Nullable Reason reason) {
        ResumeGap gap = reason == null
                ? null
                : new ResumeGap(reason, String.valueOf(read.request().since()), "0", at(last).toString());
        read.answer(new JoinResult.Snapshot(at(last), gap, "null", "[]", List.of(), false));
    }

    /** The events missed since a position, which the read must have asked for, to the end of the log. */
    void missed(int since, int... positions) {
        int last = positions.length == 0 ? since : positions[positions.length - 1];
        page(since, last, positions);
    }

    /** A page of missed events of a log that ends at {@code last}. */
    void page(int since, int last, int... positions) {
        missed(since, last, Arrays.stream(positions).mapToObj(HubFixture::entry).toList());
    }

    void missed(int since, int last, List<LogEntry> entries) {
        ScriptedCalls.Call<JoinRequest, JoinResult> read = store.joins().next();
        assertThat(read.request().since()).as("where the read begins").isEqualTo(at(since));
        read.answer(new JoinResult.Missed(at(last), entries, false));
    }

    void readFails() {
        readFails(ErrorCode.UNAVAILABLE);
    }

    void readFails(ErrorCode code) {
        store.joins().next().fail(ParleyException.of(code, "as the test says"));
    }

    void nothingIsRead() {
        assertThat(store.joins().waiting()).as("reads that wait").isZero();
    }

    // What waits for Redis.

    QueuedEvent queued(int n) {
        return queued(n, TRUSTED);
    }

    /** Event n, with the id {@code en}. */
    QueuedEvent queued(int n, Access publisher) {
        return new QueuedEvent(
                EventCodec.parse(event(n).getBytes(StandardCharsets.UTF_8)).withEventId("e" + n), publisher);
    }

    /** Event n waits for Redis, with nothing before it. */
    void pending(int n) {
        hub.pending(queued(n), null);
    }

    // Words.

    static Position at(int n) {
        return n == 0 ? Position.ZERO : new Position(n, 0);
    }

    static LogEntry entry(int n) {
        return entry(n, null);
    }

    static LogEntry entry(int n, @Nullable String id) {
        return new LogEntry(at(n), id, false, event(n).getBytes(StandardCharsets.UTF_8));
    }

    static String event(int n) {
        return "{\"event\":\"agent.note\",\"payload\":{\"conversation_id\":\"c\",\"n\":" + n + "}}";
    }

    static AgentEvent ephemeral(String json) {
        return EventCodec.parse(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    static int[] range(int first, int last) {
        return IntStream.rangeClosed(first, last).toArray();
    }
}
