package dev.parley.publish;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Scannable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.util.concurrent.Queues;

/**
 * Lets a few lanes at once append to each master of a cluster, in the order in which they ask. A cluster has more lanes than a connection
 * takes commands, and what others ask should not stand behind all of them. Masters do not wait for each other. Thread-safe.
 */
final class MasterBulkhead implements Disposable {

    private static final int AT_ONCE = 16;

    /** What has no master fails at once. */
    private static final String NOBODY = "";

    private final Map<String, Turn> turns = new ConcurrentHashMap<>();

    /** Begins the work when it is its turn, on Reactor's parallel scheduler. Cold; cancelling gives the turn to the next one. */
    <T> Mono<T> await(@Nullable String master, Mono<T> work) {
        return turns.computeIfAbsent(master == null ? NOBODY : master, name -> new Turn())
                .await(work);
    }

    @Override
    public void dispose() {
        turns.values().forEach(turn -> turn.doing.dispose());
    }

    private interface Work {
        Mono<?> begin();
    }

    private static final class Turn {

        /** Each lane has one in here at most, beside those that it has cancelled. */
        private final Sinks.Many<Work> asked = Sinks.many()
                .unicast()
                .onBackpressureBuffer(Queues.<Work>unboundedMultiproducer().get());

        /** Who asks or cancels may hold its lane's lock, and work takes that of another: so neither does it. */
        private final Disposable doing = asked.asFlux()
                .publishOn(Schedulers.parallel())
                .flatMap(Work::begin, AT_ONCE)
                .subscribe();

        <T> Mono<T> await(Mono<T> work) {
            return Mono.create(asking -> {
                Sinks.Empty<Void> gone = Sinks.empty();
                MonoSink<T> unused = asking.onCancel(() -> gone.emitEmpty(Sinks.EmitFailureHandler.FAIL_FAST));
                Mono<T> turn = Mono.defer(() -> isOver(gone) ? Mono.<T>empty() : work)
                        .doOnSuccess(asking::success)
                        .doOnError(asking::error)
                        .onErrorComplete()
                        .takeUntilOther(gone.asMono());
                synchronized (asked) {
                    asked.emitNext(() -> turn, Sinks.EmitFailureHandler.FAIL_FAST);
                }
            });
        }

        private static boolean isOver(Sinks.Empty<Void> gone) {
            return gone.scanOrDefault(Scannable.Attr.TERMINATED, false);
        }
    }
}
