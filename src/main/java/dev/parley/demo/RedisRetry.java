package dev.parley.demo;

import java.time.Duration;
import reactor.util.retry.Retry;

/** Retries for commands to Redis: for ever, soon, and with jitter. */
final class RedisRetry {

    static final Retry AGAIN = Retry.backoff(Long.MAX_VALUE, Duration.ofMillis(100))
            .maxBackoff(Duration.ofSeconds(2))
            .transientErrors(true);

    private RedisRetry() {}
}
