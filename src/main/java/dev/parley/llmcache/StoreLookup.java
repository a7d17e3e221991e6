package dev.parley.llmcache;

import org.jspecify.annotations.Nullable;

/** The state of a key in the store. */
sealed interface StoreLookup {

    /** Present if the caller is to compute the response. */
    default @Nullable ComputeLease lead() {
        return null;
    }

    /**
     * An entry that may be served.
     *
     * @param stale whether it is past its time
     * @param lead present if the caller is to refresh it
     */
    record Found(
            CacheEntry entry,
            long ageMillis,
            boolean stale,
            @Nullable ComputeLease lead) implements StoreLookup {}

    /** No entry. */
    record Missing(Reason reason, @Nullable ComputeLease lead) implements StoreLookup {}

    /**
     * No entry, and another caller computes it.
     *
     * @param token of that flight; null if it began before an invalidation
     */
    record Taken(Reason reason, long leaseMillis, @Nullable String token) implements StoreLookup {}

    /**
     * No entry, and the awaited flight has failed.
     *
     * @param failure the failure to share; null: waiting callers try now
     */
    record Failed(@Nullable ComputeFailure failure) implements StoreLookup {}

    /** No entry, and another caller has just found that the response may not be kept. */
    record Free() implements StoreLookup {}
}
