package dev.parley.ratelimit;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Where the used amounts of limits are counted. Everything is cold. Thread-safe; never blocks. */
interface Buckets {

    /**
     * @param cost from 1 to the limit's burst
     * @param receipt under which the cost is taken once, however often it is tried; null: each time
     */
    Mono<LimitDecision> take(Limit limit, LimitKey owner, long cost, @Nullable Receipt receipt);

    /**
     * Returns the excess of a reservation, or takes its shortfall, even beyond the burst.
     *
     * @param reservation the id of an open receipt
     * @return fails with a {@link dev.parley.error.ParleyException}: {@code not_found} when there is no such reservation (any more), {@code
     *     conflict} when it was settled with another use
     */
    Mono<SettleResult> settle(Limit limit, LimitKey owner, String reservation, long used);

    /** @param open whether it is to be settled */
    record Receipt(String id, boolean open) {}
}
