package dev.parley.ratelimit;

/**
 * A reservation that has come to its end.
 *
 * @param reserved what was taken for it
 * @param used what was needed
 * @param taken how it stands with the limit now
 */
public record SettleResult(long reserved, long used, LimitDecision taken) {

    /** What was given back; negative: what was taken beside it. */
    public long returned() {
        return reserved - used;
    }
}
