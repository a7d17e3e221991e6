package dev.parley.llmcache;

import java.util.List;

/**
 * Finds personal data in a text. Thread-safe; called on event loops, so fast. The gateway uses the implementations that are registered as
 * services on its class path ({@code META-INF/services}), in addition to its own.
 */
@FunctionalInterface
public interface PersonalData {

    /** The pieces of personal data, as they stand in the text; none if there are none. */
    List<String> find(String text);
}
