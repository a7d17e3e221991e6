package dev.parley.audit;

import org.jspecify.annotations.Nullable;

/**
 * The result of verifying a trail's chain.
 *
 * @param entries number of verified entries
 * @param first number of the first one, 0 if there is none
 * @param last number of the last one
 * @param broken null if none is
 * @param keyed whether a key of the operator seals it
 */
public record ChainVerification(
        long entries, long first, long last, @Nullable Broken broken, boolean keyed) {

    /** The first entry that is not as it was sealed. */
    public record Broken(long seq, Reason reason) {}

    /** The kinds of breaks. */
    public enum Reason {
        /** The entry is absent. */
        MISSING,
        /** The entry differs from what was sealed. */
        CHANGED,
        /** The entry is not chained to the one before it. */
        UNCHAINED,
        /** Another entry has its number. */
        REPEATED,
        /** The recorded end of the chain differs. */
        HEAD
    }
}
