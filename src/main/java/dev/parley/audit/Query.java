package dev.parley.audit;

import org.jspecify.annotations.Nullable;

/**
 * What is to be read.
 *
 * @param after only numbers above it; 0 for all
 * @param before only numbers below it; null for all
 * @param limit entries at most, but that entries of one number are not parted
 */
public record Query(long after, @Nullable Long before, int limit, boolean newestFirst) {

    static Query oldestAfter(long after, int limit) {
        return new Query(after, null, limit, false);
    }
}
