package dev.parley.inbox;

import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import io.smallrye.config.WithDefault;

/** {@code parley.inbox}: the stream that an agent reads its work from. */
public interface InboxSettings {

    @Doc(
            "maximum number of unread entries per agent's inbox; further messages are refused as `overloaded`, and cancels beyond twice as"
                    + " many")
    @WithDefault("10000")
    @Bounds(least = "1", most = "10000000")
    int max();
}
