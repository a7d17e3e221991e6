package dev.parley.audit;

import org.jspecify.annotations.Nullable;

/**
 * What is to be read.
 *
 * @param after only numbers above it; 0 for all
 * @param before only numbers below it; null for all
 * @param limit entries at most, but that entries of one number are not parted
 */
public record AuditQuery(long after, @Nullable Long before, int limit, boolean newestFirst) {

    static AuditQuery oldestAfter(long after, int limit) {
        return new AuditQuery(after, null, limit, false);
    }
}
