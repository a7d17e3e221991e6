package dev.parley.audit;

import org.jspecify.annotations.Nullable;

/**
 * The range of entries to read.
 *
 * @param after only numbers above it; 0 for all
 * @param before only numbers below it; null for all
 * @param limit maximum number of entries, except that entries of one number are not separated
 */
public record AuditQuery(long after, @Nullable Long before, int limit, boolean newestFirst) {

    static AuditQuery oldestAfter(long after, int limit) {
        return new AuditQuery(after, null, limit, false);
    }
}
