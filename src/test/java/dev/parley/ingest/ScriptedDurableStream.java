package dev.parley.ingest;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * One node's view of an {@link InMemoryStream}. It answers immediately, unless a test has scripted otherwise: the next calls of an operation
 * may fail, be held, or have something happen first. Each call is written to the test's journal.
 */
final class ScriptedDurableStream implements DurableStream {

    enum Operation {
        CONNECT,
        ENSURE_GROUP,
        ACQUIRE,
        COMMIT,
        RELEASE,
        LEAVE,
        READ,
        CHECK_TRIMMED,
        COUNT_ATTEMPTS,
        CLEAR_ATTEMPTS,
        DEAD_LETTER,
        AWAIT
    }

    private final InMemoryStream stream;
    private final String node;
    private final Duration ttl;
    private final List<String> journal;
    private final Map<Operation, Queue<Function<Mono<Void>, Mono<Void>>>> scripts = new EnumMap<>(Operation.class);
    private final Map<Operation, Throwable> failing = new EnumMap<>(Operation.class);
    private final Map<Operation, Integer> calls = new EnumMap<>(Operation.class);
    private int connections;

    ScriptedDurableStream(InMemoryStream stream, String node, Duration ttl, List<String> journal) {
        this.stream = stream;
        this.node = node;
        this.ttl = ttl;
        this.journal = journal;
    }

    // The script.

    /** The next call fails. */
    void failNext(Operation operation, Throwable error) {
        script(operation, call -> Mono.error(error));
    }

    /** Every call fails until {@link #recover}. */
    void fail(Operation operation, Throwable error) {
        failing.put(operation, error);
    }

    void recover(Operation operation) {
        failing.remove(operation);
    }

    /** The next call is not answered, nor done, before the test says so. */
    Runnable holdNext(Operation operation) {
        Sinks.Empty<Void> gate = Sinks.empty();
        script(operation, call -> gate.asMono().then(call));
        return () -> gate.emitEmpty(Sinks.EmitFailureHandler.FAIL_FAST);
    }

    /** Something happens just before the next call is done. */
    void beforeNext(Operation operation, Runnable event) {
        script(operation, call -> Mono.<Void>fromRunnable(event).then(call));
    }

    private void script(Operation operation, Function<Mono<Void>, Mono<Void>> step) {
        scripts.computeIfAbsent(operation, any -> new ArrayDeque<>()).add(step);
    }

    int calls(Operation operation) {
        return calls.getOrDefault(operation, 0);
    }

    /** Connections that are open for waiting. */
    int connections() {
        return connections;
    }

    private <T> Mono<T> call(Operation operation, String entry, Supplier<@Nullable T> answer) {
        return Mono.defer(() -> {
            calls.merge(operation, 1, Integer::sum);
            if (!entry.isEmpty()) {
                journal.add(node + " " + entry);
            }
            Throwable error = failing.get(operation);
            if (error != null) {
                return Mono.error(error);
            }
            Function<Mono<Void>, Mono<Void>> step =
                    scripts.getOrDefault(operation, new ArrayDeque<>()).poll();
            return (step == null ? Mono.<Void>empty() : step.apply(Mono.empty())).then(Mono.fromSupplier(answer));
        });
    }

    private Mono<Void> run(Operation operation, String entry, Runnable action) {
        return this.<Void>call(operation, entry, () -> {
            action.run();
            return null;
        });
    }

    // The stream.

    @Override
    public String name() {
        return stream.name;
    }

    @Override
    public String keyPattern() {
        return "~app:*";
    }

    @Override
    public <T> Flux<T> connect(Function<NewEntries, Flux<T>> reading) {
        return run(Operation.CONNECT, "connect", () -> {}).thenMany(Flux.defer(() -> {
            connections++;
            return reading.apply(this::await).doFinally(end -> connections--);
        }));
    }

    private Mono<Void> await(String id, Duration atMost) {
        return run(Operation.AWAIT, "await " + id, () -> {})
                .then(Mono.defer(() -> stream.hasAfter(id)
                        ? Mono.empty()
                        : Mono.firstWithSignal(
                                stream.changed(), Mono.delay(atMost).then())));
    }

    @Override
    public Mono<Void> ensureGroup() {
        return run(Operation.ENSURE_GROUP, "ensureGroup", stream::ensureGroup);
    }

    @Override
    public Mono<AcquireResult> acquire(boolean wanted) {
        return call(Operation.ACQUIRE, "acquire " + wanted, () -> stream.acquire(node, wanted, ttl.toMillis()));
    }

    @Override
    public Mono<CommitResult> commit(StreamOffset appended, boolean moveGroup, boolean register, long generation) {
        String entry = "commit " + appended.id() + "/" + appended.count() + (moveGroup ? " move" : "")
                + (register ? " register" : "");
        return call(
                Operation.COMMIT,
                entry,
                () -> stream.commit(node, appended, moveGroup, register, generation, ttl.toMillis()));
    }

    @Override
    public Mono<Void> release() {
        return run(Operation.RELEASE, "release", () -> stream.release(node, false));
    }

    @Override
    public Mono<Void> leave() {
        return run(Operation.LEAVE, "leave", () -> stream.release(node, true));
    }

    @Override
    public Mono<List<StreamEntry>> read(String from, int limit) {
        return call(Operation.READ, "read " + from + " " + limit, () -> stream.read(from, limit));
    }

    @Override
    public Mono<TrimCheck> checkTrimmed(String id) {
        return call(Operation.CHECK_TRIMMED, "checkTrimmed " + id, () -> stream.hole(node, id));
    }

    @Override
    public Mono<Map<String, Long>> countAttempts(List<String> ids) {
        return call(Operation.COUNT_ATTEMPTS, "countAttempts " + ids, () -> {
            Map<String, Long> counts = new HashMap<>();
            ids.forEach(id -> counts.put(id, stream.attempts.merge(id, 1L, Long::sum)));
            return counts;
        });
    }

    @Override
    public Mono<Void> clearAttempts() {
        return run(Operation.CLEAR_ATTEMPTS, "clearAttempts", stream.attempts::clear);
    }

    @Override
    public Mono<Boolean> deadLetter(StreamEntry entry, String reason, long keep) {
        return call(
                Operation.DEAD_LETTER,
                "deadLetter " + entry.id(),
                () -> stream.deadLetters.putIfAbsent(entry.id(), new InMemoryStream.Letter(entry, reason)) == null);
    }
}
