package dev.parley.llmcache;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What comes of a put.
 *
 * @param reason why it is not stored; null when it is
 * @param fresh for how long it is; zero when it is not stored
 */
public record StoreResult(CacheKey key, @Nullable Reason reason, Duration fresh) {

    static StoreResult refused(CacheKey key, Reason reason) {
        return new StoreResult(key, reason, Duration.ZERO);
    }
}
