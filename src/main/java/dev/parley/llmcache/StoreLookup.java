package dev.parley.llmcache;

import org.jspecify.annotations.Nullable;

/** What there is under a key just now. */
sealed interface StoreLookup {

    /** There when the caller is to compute the answer. */
    default @Nullable ComputeLease lead() {
        return null;
    }

    /**
     * An entry that may be served.
     *
     * @param stale it is past its time
     * @param lead there when the caller is to refresh it
     */
    record Found(
            CacheEntry entry,
            long ageMillis,
            boolean stale,
            @Nullable ComputeLease lead) implements StoreLookup {}

    /** None. */
    record Missing(Reason reason, @Nullable ComputeLease lead) implements StoreLookup {}

    /**
     * None, and somebody computes it.
     *
     * @param token of whoever does; null where that was begun before something was invalidated
     */
    record Taken(Reason reason, long leaseMillis, @Nullable String token) implements StoreLookup {}

    /**
     * None, and the flight that was waited for has failed.
     *
     * @param failure what came in place of an answer; null: whoever waited tries now
     */
    record Failed(@Nullable ComputeFailure failure) implements StoreLookup {}

    /** None, and somebody has found out just now that it may not be kept. */
    record Free() implements StoreLookup {}
}
