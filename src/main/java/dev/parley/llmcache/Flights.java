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
     */
    Mono<Look> look(CacheKey key, Duration lease, @Nullable Duration oldest);

    /**
     * Goes on with a flight.
     *
     * @param lease from now on
     * @return whether it was the token's
     */
    Mono<Boolean> renew(CacheKey key, String token, Duration lease);

    /**
     * Ends a flight without an answer.
     *
     * @param uncacheable for some time nobody is to wait for such an answer; else the next one computes
     * @return whether it was the token's
     */
    Mono<Boolean> release(CacheKey key, String token, boolean uncacheable);
}
