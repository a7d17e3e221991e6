package dev.parley.demo;

import java.time.Duration;
import reactor.util.retry.Retry;

/** For whatever needs Redis: for ever, soon again, and not all at the same moment. */
final class RedisRetry {

    static final Retry AGAIN = Retry.backoff(Long.MAX_VALUE, Duration.ofMillis(100))
            .maxBackoff(Duration.ofSeconds(2))
            .transientErrors(true);

    private RedisRetry() {}
}
