package dev.parley.audit;

import org.jspecify.annotations.Nullable;

/**
 * What became of a trail's chain.
 *
 * @param entries that were looked at and are as they were sealed
 * @param first number of the first one, 0 when there is none
 * @param last number of the last one
 * @param broken null when nothing is
 * @param keyed whether a key of the operator's own seals it
 */
public record ChainVerification(
        long entries, long first, long last, @Nullable Broken broken, boolean keyed) {

    /** The first entry that is not as it was sealed. */
    public record Broken(long seq, Reason reason) {}

    /** What is wrong with an entry. */
    public enum Reason {
        /** It is not there. */
        MISSING,
        /** It does not say what was sealed. */
        CHANGED,
        /** It is not chained to the one before it. */
        UNCHAINED,
        /** There is another one of its number. */
        REPEATED,
        /** The end of the chain, as it is noted, is another one. */
        HEAD
    }
}
