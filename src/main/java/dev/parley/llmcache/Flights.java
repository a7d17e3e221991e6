package dev.parley.llmcache;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Registry of flights: which caller computes which response. Cold. */
interface Flights {

    /**
     * Looks a response up, and takes the flight if there is none.
     *
     * @param lease zero: the flight is not taken
     * @param oldest maximum age of the response; null: any
     * @param awaited the token of the flight that the caller waits for; null: none
     */
    Mono<StoreLookup> look(CacheKey key, Duration lease, @Nullable Duration oldest, @Nullable String awaited);

    /**
     * Renews a flight.
     *
     * @param lease from now on
     * @return whether the token has the flight, and whether callers on other nodes wait for it
     */
    Mono<LeaseRenewal> renew(CacheKey key, String token, Duration lease);

    /**
     * Ends a flight without a response.
     *
     * @return whether the token had the flight
     */
    Mono<Boolean> release(CacheKey key, String token, Ending ending);

    /** The reason for which a flight ends without a response. */
    sealed interface Ending {

        /** Its caller has left: the next one computes. */
        Ending ABANDONED = new Abandoned();

        /** The response may not be kept: for some time no caller waits for it. */
        Ending UNCACHEABLE = new Uncacheable();

        record Abandoned() implements Ending {}

        record Uncacheable() implements Ending {}

        /**
         * It has failed, and callers that waited for it must not wait for another one.
         *
         * @param failure the failure to share; null: waiting callers try now
         */
        record Failed(@Nullable ComputeFailure failure) implements Ending {}
    }
}
