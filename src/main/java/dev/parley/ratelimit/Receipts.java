package dev.parley.ratelimit;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import java.time.Duration;

/** Rules for receipts in Redis and in memory. */
final class Receipts {

    /** Minimum time that a receipt is kept. */
    static final Duration SHORTEST = Duration.ofHours(1);

    private Receipts() {}

    static ParleyException notFound() {
        return ParleyException.of(
                ErrorCode.NOT_FOUND, "there is no such reservation with this limit and key, or it is too old");
    }

    static ParleyException otherCost() {
        return ParleyException.of(ErrorCode.CONFLICT, "under this id something else was taken: use an id once");
    }

    static ParleyException otherOperation() {
        return ParleyException.of(
                ErrorCode.CONFLICT,
                "this id was used before, for the other of limits.take and limits.reserve: use another one");
    }

    static ParleyException otherUse() {
        return ParleyException.of(ErrorCode.CONFLICT, "the reservation was settled before, with another use");
    }
}
