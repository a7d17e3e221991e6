package dev.parley.support;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import reactor.util.retry.Retry;

/**
 * Number and delays of retries: exponential from first to longest, half of each delay random, so that nodes that fail together do not
 * return together.
 */
public record RetryPolicy(Duration first, Duration longest, long attempts) {

    /** For connections: 100 ms to 2 s, for ever. */
    public static final RetryPolicy FOREVER =
            new RetryPolicy(Duration.ofMillis(100), Duration.ofSeconds(2), Long.MAX_VALUE);

    public RetryPolicy {
        if (first.isNegative() || first.isZero() || longest.compareTo(first) < 0 || attempts < 1) {
            throw new IllegalArgumentException("a retry policy needs 0 < first <= longest and at least one attempt");
        }
    }

    /** Counts again from zero after an element came through. */
    public Retry asReactorRetry() {
        return Retry.backoff(attempts, first).maxBackoff(longest).jitter(0.5).transientErrors(true);
    }

    /** The delay before the given attempt, which counts from 0. */
    public Duration delay(int attempt) {
        long full = Math.min(longest.toMillis(), first.toMillis() << Math.min(attempt, 20));
        return Duration.ofMillis(full / 2 + ThreadLocalRandom.current().nextLong(full / 2 + 1));
    }
}
