package dev.parley.llmcache.semantic;

import dev.parley.llmcache.semantic.guard.Verdict;
import java.util.List;

/**
 * A question of the partition near the asked one.
 *
 * @param entryKey of the exact entry that answers it
 * @param near whether it is near enough
 * @param reported whether its answer was wrong for the asked question
 * @param verdicts of the guards up to the first objection; empty when none was needed
 */
public record Candidate(
        String question, String entryKey, double cosine, boolean near, boolean reported, List<Verdict> verdicts) {

    /** Whether its answer may be given. */
    boolean passes() {
        return near && !reported && objection() == null;
    }

    /** The verdict of the guard that objects; null when none does. */
    public @org.jspecify.annotations.Nullable Verdict objection() {
        return verdicts.stream()
                .filter(verdict -> !verdict.passes())
                .findFirst()
                .orElse(null);
    }
}
