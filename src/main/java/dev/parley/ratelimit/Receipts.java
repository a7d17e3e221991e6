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
                ErrorCode.NOT_FOUND,
                "there is no such reservation for this limit and key, or it has expired: check name, key and reservation");
    }

    static ParleyException otherCost() {
        return ParleyException.of(
                ErrorCode.CONFLICT, "this id was used with another cost: use a new id for each request");
    }

    static ParleyException otherOperation() {
        return ParleyException.of(
                ErrorCode.CONFLICT,
                "this id was used for limits.take and limits.reserve: use a new id for each request");
    }

    static ParleyException otherUse() {
        return ParleyException.of(
                ErrorCode.CONFLICT, "the reservation was settled with another value of used: settle it once");
    }
}
