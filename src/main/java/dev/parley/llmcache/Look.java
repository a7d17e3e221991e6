package dev.parley.llmcache;

import org.jspecify.annotations.Nullable;

/** What there is under a key just now. */
sealed interface Look {

    /** There when the caller is to compute the answer. */
    default @Nullable Lead lead() {
        return null;
    }

    /**
     * An entry that may be served.
     *
     * @param stale it is past its time
     * @param lead there when the caller is to refresh it
     */
    record Found(
            Entry entry,
            long ageMillis,
            boolean stale,
            @Nullable Lead lead) implements Look {}

    /** None. */
    record Missing(Reason reason, @Nullable Lead lead) implements Look {}

    /**
     * None, and somebody computes it.
     *
     * @param token of whoever does; null where that was begun before something was invalidated
     */
    record Taken(Reason reason, long leaseMillis, @Nullable String token) implements Look {}

    /** None, and somebody has found out just now that it may not be kept. */
    record Free() implements Look {}
}
