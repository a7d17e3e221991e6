package dev.parley.ingest;

import dev.parley.auth.Access;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.Position;
import dev.parley.store.AppendRequest;
import dev.parley.store.AppendResult;
import dev.parley.store.EventStore;
import dev.parley.store.JoinResult;
import dev.parley.store.LogHead;
import dev.parley.store.StoredEvent;
import dev.parley.store.StreamLosses;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * A store that takes appended events in memory, each source's once. It answers immediately, unless a test has scripted otherwise. What it is
 * asked is written to the test's journal; what a stream reader has no use for is not supported.
 */
final class ScriptedAppendStore implements EventStore {

    private final List<String> journal;
    private final Map<String, Position> log = new LinkedHashMap<>();
    private final Queue<Mono<Void>> scripts = new ArrayDeque<>();
    private final Map<String, ErrorCode> refused = new HashMap<>();
    private final ScriptedLosses losses = new ScriptedLosses();
    private @Nullable Throwable failing;

    ScriptedAppendStore(List<String> journal) {
        this.journal = journal;
    }

    // The script.

    void failNext(Throwable error) {
        scripts.add(Mono.error(error));
    }

    /** Every append fails until {@link #recover}. */
    void fail(Throwable error) {
        failing = error;
    }

    void recover() {
        failing = null;
    }

    /** The next append is neither done nor answered before the test says so. */
    Runnable holdNext() {
        Sinks.Empty<Void> gate = Sinks.empty();
        scripts.add(gate.asMono());
        return () -> gate.emitEmpty(Sinks.EmitFailureHandler.FAIL_FAST);
    }

    /** Refuses the entry, and for now those of its conversation behind it, too, where the code says that it is for now. */
    void refuse(String sourceId, ErrorCode code) {
        refused.put(sourceId, code);
    }

    void accept(String sourceId) {
        refused.remove(sourceId);
    }

    /** What is in the log, in order: source and id. */
    List<String> log() {
        return List.copyOf(log.keySet());
    }

    @Override
    public ScriptedLosses losses() {
        return losses;
    }

    // The store.

    @Override
    public Mono<List<AppendResult>> append(@Nullable String source, List<AppendRequest> events) {
        return Mono.defer(() -> {
            journal.add("append " + events.stream().map(AppendRequest::sourceId).toList());
            Throwable error = failing;
            if (error != null) {
                return Mono.error(error);
            }
            Mono<Void> script = scripts.poll();
            return (script == null ? Mono.<Void>empty() : script)
                    .then(Mono.fromSupplier(() -> take(Objects.requireNonNull(source), events)));
        });
    }

    private List<AppendResult> take(String source, List<AppendRequest> events) {
        List<AppendResult> outcomes = new ArrayList<>();
        boolean waiting = false;
        for (AppendRequest event : events) {
            String id = Objects.requireNonNull(event.sourceId());
            ErrorCode code = refused.get(id);
            waiting |= code == ErrorCode.UNAVAILABLE;
            if (waiting) {
                outcomes.add(new AppendResult(null, ParleyException.of(ErrorCode.UNAVAILABLE, "OOM")));
            } else if (code != null) {
                outcomes.add(new AppendResult(null, ParleyException.of(code, "refused " + id)));
            } else {
                outcomes.add(new AppendResult(store(source + " " + id), null));
            }
        }
        return outcomes;
    }

    private StoredEvent store(String key) {
        Position known = log.get(key);
        if (known != null) {
            return new StoredEvent(known, true, "", false);
        }
        Position position = new Position(log.size() + 1L, 0);
        log.put(key, position);
        return new StoredEvent(position, false, "", false);
    }

    @Override
    public Mono<JoinResult> join(String conversation, @Nullable Position since, @Nullable Access access) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Flux<Map<String, LogHead>> glance(Collection<String> conversations) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Mono<Duration> endLostRuns(String conversation) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean sharded() {
        throw new UnsupportedOperationException();
    }

    @Override
    public int slotOf(String conversation) {
        throw new UnsupportedOperationException();
    }

    @Override
    public @Nullable String masterOf(int slot) {
        throw new UnsupportedOperationException();
    }

    @Override
    public @Nullable String masterOf(String conversation) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int remembered() {
        throw new UnsupportedOperationException();
    }

    /** Losses that were written down, by stream. */
    final class ScriptedLosses implements StreamLosses {

        private final Map<String, Long> counts = new HashMap<>();
        private final Queue<Mono<Void>> next = new ArrayDeque<>();

        void failNext(Throwable error) {
            next.add(Mono.error(error));
        }

        /** Something happens just before the next loss is stored. */
        void beforeNext(Runnable event) {
            next.add(Mono.fromRunnable(event));
        }

        long of(String stream) {
            return counts.getOrDefault(stream, 0L);
        }

        @Override
        public Mono<Void> add(String stream, long count) {
            return Mono.defer(() -> {
                journal.add("lost " + count);
                Mono<Void> script = next.poll();
                return (script == null ? Mono.<Void>empty() : script)
                        .then(Mono.fromRunnable(() -> counts.merge(stream, count, Long::sum)));
            });
        }

        @Override
        public Mono<Void> look() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Flux<Long> news() {
            throw new UnsupportedOperationException();
        }
    }
}
