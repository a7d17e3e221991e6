package dev.parley.llmcache;

import java.util.List;

/** Finds what is about a person in a text. Thread-safe; called on event loops, so fast. */
@FunctionalInterface
public interface PersonalData {

    /** The pieces of it, as they stand in the text; none where there is nothing. */
    List<String> find(String text);
}
