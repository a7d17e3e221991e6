package dev.parley.console;

import dev.parley.support.Doc;
import io.smallrye.config.WithDefault;

/** {@code parley.console}: the chat page. */
public interface ConsoleSettings {

    @Doc("whether the node serves the chat page")
    @WithDefault("false")
    boolean enabled();
}
