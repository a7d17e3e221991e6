package dev.parley.ratelimit;

/**
 * A settled reservation.
 *
 * @param reserved the reserved amount
 * @param used the amount used
 * @param taken the state of the limit now
 */
public record SettleResult(long reserved, long used, LimitDecision taken) {

    /** The returned amount; negative: the amount taken in addition. */
    public long returned() {
        return reserved - used;
    }
}
