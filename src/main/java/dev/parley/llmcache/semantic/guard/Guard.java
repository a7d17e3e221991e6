package dev.parley.llmcache.semantic.guard;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Compares one aspect of two questions. Deterministic, without state, a few microseconds. */
interface Guard {

    /** As metrics and {@code explain} show it. */
    String name();

    /** Why the answer to one may be wrong for the other; null when this guard sees no reason. */
    @Nullable
    String objection(Question asked, Question other);

    /** The objection to lists that must be the same, such as all numbers in their order. */
    static @Nullable String unlessSame(List<String> asked, List<String> other) {
        return asked.equals(other) ? null : Words.shown(asked) + " / " + Words.shown(other);
    }
}
