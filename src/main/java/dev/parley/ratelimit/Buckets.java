package dev.parley.ratelimit;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Where it is counted what is used up of limits. Everything is cold. Thread-safe; nothing blocks. */
interface Buckets {

    /**
     * @param cost from 1 to the limit's burst
     * @param receipt under which it is taken once, however often it is tried; null: each time
     */
    Mono<LimitDecision> take(Limit limit, LimitKey owner, long cost, @Nullable Receipt receipt);

    /**
     * Gives back what a reservation has too much, or takes what it has too little, even past the burst.
     *
     * @param reservation the id of a receipt that is open
     * @return fails with a {@link dev.parley.error.ParleyException}: {@code not_found} when there is no such reservation (any more),
     *     {@code conflict} when it was settled with another use
     */
    Mono<SettleResult> settle(Limit limit, LimitKey owner, String reservation, long used);

    /** @param open whether it is to be settled */
    record Receipt(String id, boolean open) {}
}
