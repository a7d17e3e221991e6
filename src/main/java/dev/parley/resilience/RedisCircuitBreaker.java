package dev.parley.resilience;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.redis.LateAnswerException;
import dev.parley.support.LatestSubscription;
import dev.parley.support.RetryPolicy;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.reactor.circuitbreaker.operator.CircuitBreakerOperator;
import java.time.Duration;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * The circuit breaker of one master. As with every breaker, calls pass while it is <em>closed</em>. A lost connection opens it immediately.
 * Calls that time out or can't be sent open it when they are half of the latest ones. An error returned by Redis shows that Redis is
 * available. A large answer that is late shows nothing. While the breaker is open a call fails immediately with {@code unavailable}.
 *
 * <p>No caller's command tests whether Redis is available again. The breaker itself sends a probe, some 50 to 100 ms after the connection
 * is restored and with a growing, jittered delay while there is no answer, so that nodes do not return all together. It begins open.
 *
 * <p>Thread-safe; never blocks.
 */
final class RedisCircuitBreaker implements Disposable {

    private static final Logger LOG = LoggerFactory.getLogger(RedisCircuitBreaker.class);

    private static final int WINDOW = 32;
    private static final int FEWEST = 8;
    /** Disables Resilience4j's own half-open state, which would use a caller's command as the probe. */
    private static final Duration NEVER = Duration.ofDays(3_650);

    private final String master;
    private final Mono<Void> probe;
    private final CircuitBreaker breaker;
    private final Sinks.Many<Boolean> closed = Sinks.many().replay().latest();
    private final LatestSubscription probing = new LatestSubscription();
    private boolean up;
    private volatile boolean reached;

    /** @param probe completes when the master has answered; subscribed to once per try; bypasses this breaker */
    RedisCircuitBreaker(String master, Mono<Void> probe) {
        this.master = master;
        this.probe = probe;
        this.breaker = CircuitBreaker.of(
                master,
                CircuitBreakerConfig.custom()
                        .slidingWindow(WINDOW, FEWEST, SlidingWindowType.COUNT_BASED)
                        .failureRateThreshold(50)
                        .waitDurationInOpenState(NEVER)
                        .recordException(RedisCircuitBreaker::isAway)
                        .ignoreExceptions(LateAnswerException.class)
                        .writableStackTraceEnabled(false)
                        .build());
        breaker.transitionToOpenState();
        breaker.getEventPublisher().onStateTransition(change -> changed());
        changed();
    }

    /** Passes a call, or rejects it without asking Redis. */
    <T> Publisher<T> around(Publisher<T> call) {
        return Flux.from(call)
                .transformDeferred(CircuitBreakerOperator.of(breaker))
                .onErrorMap(CallNotPermittedException.class, e -> refused());
    }

    /** Whether calls pass. */
    boolean isClosed() {
        return breaker.getState() == State.CLOSED;
    }

    /** Whether calls pass: the present state, then each change, on a thread of Reactor's parallel scheduler. Never ends. */
    Flux<Boolean> closed() {
        return closed.asFlux().distinctUntilChanged().publishOn(Schedulers.parallel());
    }

    /** Reports whether the master is connected and answers; one call at a time. */
    void stands(boolean now) {
        if (now != up) {
            up = now;
            changedTo(now);
        }
    }

    private void changedTo(boolean stands) {
        if (!stands) {
            breaker.transitionToOpenState();
        } else if (reached) {
            probeSoon();
        } else {
            // The very first connection: no call can have failed on it yet, and the handshake was an answer.
            reached = true;
            breaker.transitionToClosedState();
        }
    }

    /** Reports the present state. Called by the thread that made a change; the last of concurrent ones reports the final state. */
    private void changed() {
        synchronized (closed) {
            closed.emitNext(isClosed(), Sinks.EmitFailureHandler.FAIL_FAST);
        }
        if (isClosed()) {
            probing.begin(Disposables::disposed);
            LOG.info("Redis ({}) answers: calls pass", master);
        } else if (reached) {
            LOG.warn("Redis ({}) is unavailable: calls are rejected, events are queued", master);
            probeSoon();
        }
    }

    private void probeSoon() {
        if (!isClosed()) {
            probing.begin(() -> Mono.defer(
                            () -> Mono.delay(RetryPolicy.FOREVER.delay(0)).then(probe))
                    .retryWhen(RetryPolicy.FOREVER.asReactorRetry())
                    .subscribe(null, null, breaker::transitionToClosedState));
        }
    }

    /** Ends probing: the server is no longer a master. */
    @Override
    public void dispose() {
        probing.dispose();
    }

    static ParleyException refused() {
        return ParleyException.of(ErrorCode.UNAVAILABLE, "Redis is unavailable: try again");
    }

    private static boolean isAway(Throwable e) {
        return e instanceof ParleyException refusal && refusal.code() == ErrorCode.UNAVAILABLE;
    }
}
