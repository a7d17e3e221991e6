package dev.parley.publish;

import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import dev.parley.support.Size;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** {@code parley.outage}: events that wait for Redis. */
public interface OutageSettings {

    @Doc(
            "maximum size of the events that wait for Redis on this node, with 512 bytes added to each; further events are refused as"
                    + " `overloaded`. Events whose master answers have an eighth more")
    @WithDefault("64MiB")
    @Bounds(least = "64KiB", most = "16GiB")
    Size queue();

    @Doc("maximum time that an event waits for Redis; then new events behind it are refused")
    @WithDefault("10m")
    @Bounds(least = "1s", most = "1d")
    Duration maxAge();
}
