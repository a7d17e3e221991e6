package dev.parley.openai;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.core.IntervalFunction;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rejects calls when half of the latest ones had no response, or one with a status from 500 on; lets one try after a wait that grows to 30
 * s. A call is judged by the head of its response, because the body also depends on the caller, who may read for minutes or not at all.
 * Thread-safe.
 */
final class Breaker {

    private static final Logger LOG = LoggerFactory.getLogger(Breaker.class);

    private static final int WINDOW = 32;
    private static final int FEWEST = 10;

    private static final CircuitBreakerConfig CONFIG = CircuitBreakerConfig.custom()
            .slidingWindow(WINDOW, FEWEST, SlidingWindowType.COUNT_BASED)
            .failureRateThreshold(50)
            .recordResult(status -> status instanceof Integer code && code >= 500)
            .permittedNumberOfCallsInHalfOpenState(1)
            .waitIntervalFunctionInOpenState(
                    IntervalFunction.ofExponentialRandomBackoff(Duration.ofMillis(500), 2, 0.5, Duration.ofSeconds(30)))
            .writableStackTraceEnabled(false)
            .build();

    private final CircuitBreaker breaker;

    /** @param name for the log, on one line */
    Breaker(String name) {
        breaker = CircuitBreaker.of(name, CONFIG);
        breaker.getEventPublisher()
                .onStateTransition(change -> LOG.warn(
                        "The upstream's breaker for {} is {}",
                        name,
                        change.getStateTransition().getToState()));
    }

    boolean isOpen() {
        return breaker.getState() == CircuitBreaker.State.OPEN;
    }

    /** Throws {@link io.github.resilience4j.circuitbreaker.CallNotPermittedException} when the call is rejected. */
    Call begin() {
        breaker.acquirePermission();
        return new Call();
    }

    /** A permitted call. Only its first outcome counts. */
    final class Call {

        private final long began = System.nanoTime();
        private final AtomicBoolean judged = new AtomicBoolean();

        void answered(int status) {
            if (judged.compareAndSet(false, true)) {
                breaker.onResult(System.nanoTime() - began, TimeUnit.NANOSECONDS, status);
            }
        }

        void unanswered(Throwable error) {
            if (judged.compareAndSet(false, true)) {
                breaker.onError(System.nanoTime() - began, TimeUnit.NANOSECONDS, error);
            }
        }

        /** The outcome shows nothing about the upstream. */
        void left() {
            if (judged.compareAndSet(false, true)) {
                breaker.releasePermission();
            }
        }

        boolean isJudged() {
            return judged.get();
        }
    }
}
