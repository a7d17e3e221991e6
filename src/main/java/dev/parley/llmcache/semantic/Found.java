package dev.parley.llmcache.semantic;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The result of a semantic look-up.
 *
 * @param hit the nearest candidate that passes; null: none
 * @param threshold the minimum cosine
 * @param candidates the examined ones, the nearest first
 */
public record Found(@Nullable Candidate hit, Reason reason, double threshold, List<Candidate> candidates) {

    /** Why there is a hit, or none. */
    public enum Reason {
        HIT,
        /** The partition is empty. */
        NOTHING,
        /** The nearest one is not near enough. */
        FAR,
        /** Guards object to all that are near enough. */
        GUARDED,
        /** Those that are near enough and pass have been reported as wrong. */
        REPORTED,
        /** The question is empty or longer than an embedder reads. */
        UNFIT,
        /** The question has characters that a model reads and an embedder does not see. */
        HIDDEN,
        /** It took longer than allowed. */
        LATE,
        /** Redis or the embedder is unavailable. */
        UNAVAILABLE;

        /** As metrics and explanations have it. */
        public String label() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    static Found none(Reason reason) {
        return new Found(null, reason, 0, List.of());
    }
}
