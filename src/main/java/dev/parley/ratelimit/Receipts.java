package dev.parley.ratelimit;

import dev.parley.frame.ErrorCode;
import dev.parley.frame.Refusal;
import java.time.Duration;

/** What holds for receipts wherever they are kept. */
final class Receipts {

    /** How long they are kept at least. */
    static final Duration SHORTEST = Duration.ofHours(1);

    private Receipts() {}

    static Refusal notFound() {
        return Refusal.of(
                ErrorCode.NOT_FOUND, "there is no such reservation with this limit and key, or it is too old");
    }

    static Refusal otherCost() {
        return Refusal.of(ErrorCode.CONFLICT, "under this id something else was taken: use an id once");
    }

    static Refusal otherUse() {
        return Refusal.of(ErrorCode.CONFLICT, "the reservation was settled before, with another use");
    }
}
