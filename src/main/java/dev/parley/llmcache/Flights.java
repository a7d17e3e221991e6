package dev.parley.llmcache;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Where it stands who computes what. Cold. */
interface Flights {

    /**
     * Looks, and takes the flight if there is nothing.
     *
     * @param lease zero: it is not taken
     * @param oldest the oldest answer that will do; null: any
     * @param awaited the token of the flight that is waited for; null: none
     */
    Mono<StoreLookup> look(CacheKey key, Duration lease, @Nullable Duration oldest, @Nullable String awaited);

    /**
     * Goes on with a flight.
     *
     * @param lease from now on
     * @return whether it was the token's, and whether it is waited for on other nodes
     */
    Mono<LeaseRenewal> renew(CacheKey key, String token, Duration lease);

    /**
     * Ends a flight without an answer.
     *
     * @return whether it was the token's
     */
    Mono<Boolean> release(CacheKey key, String token, Ending ending);

    /** Why a flight ends without an answer. */
    sealed interface Ending {

        /** Whoever had it has left: the next one computes. */
        Ending ABANDONED = new Abandoned();

        /** For some time nobody is to wait for such an answer. */
        Ending UNCACHEABLE = new Uncacheable();

        record Abandoned() implements Ending {}

        record Uncacheable() implements Ending {}

        /**
         * It has failed, and nobody who waited for it is to wait for another one.
         *
         * @param failure what came in place of an answer; null: whoever waited tries now
         */
        record Failed(@Nullable ComputeFailure failure) implements Ending {}
    }
}
