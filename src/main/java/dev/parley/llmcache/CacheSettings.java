package dev.parley.llmcache;

import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the cache works.
 *
 * @param seedTenant whose plain questions have the seed's keys and values; null: nobody's
 * @param ttls how long an answer is fresh, a category; zero: not kept
 * @param stale how much longer it may be served while one caller refreshes it
 * @param maxTemperature what is asked with a higher one is not cached
 * @param maxEntry of an entry's JSON, in bytes
 * @param maxEntries of a tenant
 * @param lease of whoever computes and does not say how long that may take
 * @param prices of models: what an answer has cost whose caller does not say so
 * @param maxWaiting callers that wait on this node for what somebody else computes
 */
public record CacheSettings(
        @Nullable String seedTenant,
        Map<Category, Duration> ttls,
        Duration stale,
        double maxTemperature,
        int maxEntry,
        int maxEntries,
        Duration lease,
        Map<String, Price> prices,
        int maxWaiting) {

    /** The longest that an entry may be asked to be fresh. */
    public static final Duration MAX_TTL = Duration.ofDays(30);

    /** The longest lease, and the longest wait. */
    public static final Duration MAX_LEASE = Duration.ofMinutes(10);

    public static final CacheSettings DEFAULT = new CacheSettings(
            null,
            Map.of(
                    Category.DEFAULT, Duration.ofHours(1),
                    Category.FAQ, Duration.ofHours(24),
                    Category.CLASSIFICATION, Duration.ofHours(24),
                    Category.EXTRACTION, Duration.ofHours(1),
                    Category.EMBEDDING, Duration.ofDays(7),
                    Category.LIVE, Duration.ofMinutes(5)),
            Duration.ofMinutes(1),
            0.7,
            1 << 20,
            100_000,
            Duration.ofSeconds(30),
            Map.of(),
            10_000);

    public CacheSettings {
        ttls = Map.copyOf(ttls);
        prices = Map.copyOf(prices);
    }

    Duration ttl(Category category) {
        return ttls.getOrDefault(category, Duration.ZERO);
    }
}
