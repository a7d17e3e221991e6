package dev.parley.llmcache;

import dev.parley.llmcache.semantic.Candidate;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/** What comes of a look-up. */
public sealed interface CacheAnswer {

    /** How it was found. */
    enum Kind {
        EXACT,
        /** Past its time, while it is refreshed. */
        STALE,
        /** Somebody else has just computed it. */
        JOINED,
        /** It answers the same question in other words. */
        SEMANTIC
    }

    CacheKey key();

    /** There when the caller is to compute the answer and put it: since there is none, or one past its time. */
    @Nullable
    ComputeLease lead();

    /**
     * @param ageMillis -1 where nobody knows
     * @param near the question that it answers, when that is not the one that was asked
     */
    record Hit(
            CacheKey key,
            CacheEntry entry,
            Kind kind,
            long ageMillis,
            @Nullable ComputeLease lead,
            @Nullable Candidate near)
            implements CacheAnswer {

        Hit(CacheKey key, CacheEntry entry, Kind kind, long ageMillis, @Nullable ComputeLease lead) {
            this(key, entry, kind, ageMillis, lead, null);
        }

        /** Of the entry, which may be another question's. */
        public String entryKey() {
            return near == null ? key.hash() : near.entryKey();
        }
    }

    /**
     * Somebody computes it, and this is how far it has come, and what comes: for who has asked for it in that form. Cold; fails with
     * {@code unavailable} where it does not come to its end.
     */
    record Live(CacheKey key, Flux<byte[]> events) implements CacheAnswer {

        @Override
        public @Nullable ComputeLease lead() {
            return null;
        }
    }

    /** Somebody else has just asked, and this is what the caller would be told too. Only for who names an {@link LookupOptions#account}. */
    record Failed(CacheKey key, ComputeFailure failure) implements CacheAnswer {

        @Override
        public @Nullable ComputeLease lead() {
            return null;
        }
    }

    record Miss(CacheKey key, Reason reason, @Nullable ComputeLease lead) implements CacheAnswer {}
}
