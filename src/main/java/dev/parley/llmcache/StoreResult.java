package dev.parley.llmcache;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The outcome of a put.
 *
 * @param reason why the response is not stored; null if it is
 * @param fresh time for which it is fresh; zero if it is not stored
 */
public record StoreResult(CacheKey key, @Nullable Reason reason, Duration fresh) {

    static StoreResult refused(CacheKey key, Reason reason) {
        return new StoreResult(key, reason, Duration.ZERO);
    }
}
