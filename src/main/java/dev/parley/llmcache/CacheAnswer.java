package dev.parley.llmcache;

import dev.parley.llmcache.semantic.Candidate;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/** The result of a look-up. */
public sealed interface CacheAnswer {

    /** How the response was found. */
    enum Kind {
        EXACT,
        /** Past its time, while it is refreshed. */
        STALE,
        /** Another caller has just computed it. */
        JOINED,
        /** It answers the same question in other words. */
        SEMANTIC
    }

    CacheKey key();

    /** Present if the caller is to compute the response and put it, because there is none or a stale one. */
    @Nullable
    ComputeLease lead();

    /**
     * @param ageMillis -1 if unknown
     * @param near the question that it answers, if that is another one
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

        /** The key of the entry, which may be another question's. */
        public String entryKey() {
            return near == null ? key.hash() : near.entryKey();
        }
    }

    /**
     * Another caller computes the response, and this stream has what has arrived and what follows, for callers that asked for it in that
     * form. Cold; fails with {@code unavailable} if the response is cut off.
     */
    record Live(CacheKey key, Flux<byte[]> events) implements CacheAnswer {

        @Override
        public @Nullable ComputeLease lead() {
            return null;
        }
    }

    /**
     * Another caller has just asked and failed, and this caller would receive the same. Only for callers that name a {@link
     * LookupOptions#account}.
     */
    record Failed(CacheKey key, ComputeFailure failure) implements CacheAnswer {

        @Override
        public @Nullable ComputeLease lead() {
            return null;
        }
    }

    record Miss(CacheKey key, Reason reason, @Nullable ComputeLease lead) implements CacheAnswer {}
}
