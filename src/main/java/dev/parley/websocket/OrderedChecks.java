package dev.parley.websocket;

import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Runs checks concurrently, and completes them in the order in which they were started, whether they pass or fail. Not thread-safe: for a
 * socket's event loop.
 */
final class OrderedChecks {

    private Mono<Void> before = Mono.empty();
    private final AtomicInteger underWay = new AtomicInteger();

    /** Whether no check is in progress, so that a task without a check may begin. */
    boolean isIdle() {
        return underWay.get() == 0;
    }

    /** Ends as the check does, but not before the one that was started before it. Subscribe immediately. */
    Mono<Void> check(Mono<?> check) {
        Mono<Void> turn = before;
        Sinks.Empty<Void> ended = Sinks.empty();
        before = ended.asMono();
        underWay.incrementAndGet();
        return Mono.whenDelayError(check, turn).doFinally(how -> {
            Sinks.EmitResult result = ended.tryEmitEmpty();
            assert result.isSuccess() : result;
            underWay.decrementAndGet();
        });
    }
}
