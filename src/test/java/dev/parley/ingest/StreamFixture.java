package dev.parley.ingest;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.config.TestSettings;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.ingest.ScriptedDurableStream.Operation;
import io.lettuce.core.RedisCommandExecutionException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import reactor.core.Disposable;
import reactor.test.scheduler.VirtualTimeScheduler;

/**
 * Readers of durable streams on virtual time, on the test's thread: each call here returns when all is done that follows from it. Node
 * {@code a} reads the stream {@code s} unless the test says otherwise.
 */
final class StreamFixture implements AfterEachCallback {

    static final IngestSettings SETTINGS =
            TestSettings.of(IngestSettings.class, "batch", "200", "lease", "4s", "max-deliveries", "3");
    static final Duration LEASE = SETTINGS.lease();
    static final int BATCH = SETTINGS.batch();
    static final int MAX_DELIVERIES = SETTINGS.maxDeliveries();
    /** How often a node that idles renews its lease. */
    static final Duration HEARTBEAT = Duration.ofMillis(500);
    /** The first retry comes at that time at the latest. */
    static final Duration FIRST_RETRY = Duration.ofMillis(150);

    static final Duration LONGEST_RETRY = Duration.ofSeconds(2);

    final VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet();
    final List<String> journal = new ArrayList<>();
    final ScriptedAppendStore store = new ScriptedAppendStore(journal);
    final List<String> stored = new ArrayList<>();
    private final Map<String, InMemoryStream> streams = new HashMap<>();
    private final List<Disposable> opened = new ArrayList<>();
    final InMemoryStream stream = stream("s");
    final ScriptedDurableStream redis = node("a");
    final StreamSource source = source(redis);

    @Override
    public void afterEach(ExtensionContext context) {
        opened.forEach(Disposable::dispose);
        VirtualTimeScheduler.reset();
    }

    InMemoryStream stream(String name) {
        return streams.computeIfAbsent(name, any -> new InMemoryStream(name, this::nanoTime));
    }

    long nanoTime() {
        return time.now(TimeUnit.NANOSECONDS);
    }

    ScriptedDurableStream node(String name) {
        return view(stream, name);
    }

    ScriptedDurableStream view(InMemoryStream of, String node) {
        return new ScriptedDurableStream(of, node, LEASE, journal);
    }

    StreamSource source(ScriptedDurableStream of) {
        StreamSource made = new StreamSource(
                of,
                store,
                SETTINGS,
                new StreamQuota(List.of(of.name())),
                (conversation, at) -> stored.add(conversation + "@" + at),
                this::nanoTime);
        opened.add(made);
        return made;
    }

    StreamSources sources(String node, String... names) {
        StreamSources made = new StreamSources(
                List.of(names).stream()
                        .<DurableStream>map(name -> view(stream(name), node))
                        .toList(),
                store,
                SETTINGS,
                (conversation, at) -> stored.add(conversation + "@" + at),
                this::nanoTime);
        opened.add(made);
        return made;
    }

    void pass(Duration duration) {
        time.advanceTimeBy(duration);
    }

    void open() {
        source.open();
        time.advanceTime();
    }

    /** What was asked of the streams and of the store since the last call, and is named so. */
    @CanIgnoreReturnValue
    List<String> asked(String... prefixes) {
        List<String> news = journal.stream()
                .filter(line -> List.of(prefixes).stream().anyMatch(line::startsWith))
                .toList();
        journal.clear();
        return news;
    }

    /** The log's lines of so many entries of stream {@code s}. */
    static List<String> entries(int from, int to) {
        return IntStream.rangeClosed(from, to).mapToObj(n -> "s " + n + "-0").toList();
    }

    static ParleyException unavailable() {
        return ParleyException.of(ErrorCode.UNAVAILABLE, "Redis can't be reached");
    }

    static RedisCommandExecutionException denied() {
        return new RedisCommandExecutionException("NOPERM this user has no permissions to run the 'xrange' command");
    }

    /** Redis is unavailable to that node, whatever is asked. */
    static void cut(ScriptedDurableStream node) {
        for (Operation operation : Operation.values()) {
            node.fail(operation, unavailable());
        }
    }

    static void mend(ScriptedDurableStream node) {
        for (Operation operation : Operation.values()) {
            node.recover(operation);
        }
    }
}
