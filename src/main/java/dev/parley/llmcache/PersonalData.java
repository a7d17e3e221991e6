package dev.parley.llmcache;

import java.util.List;

/**
 * Finds what is about a person in a text. Thread-safe; called on event loops, so fast. The gateway takes those that stand on its class path
 * as services ({@code META-INF/services}) beside its own.
 */
@FunctionalInterface
public interface PersonalData {

    /** The pieces of it, as they stand in the text; none where there is nothing. */
    List<String> find(String text);
}
