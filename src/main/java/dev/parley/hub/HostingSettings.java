package dev.parley.hub;

import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** {@code parley.hub}: conversations that have a socket on this node. */
public interface HostingSettings {

    @Doc("time that a conversation stays on the node after its last socket has left")
    @WithDefault("10s")
    @Bounds(least = "0s", most = "1h")
    Duration linger();

    @Doc("interval at which the node checks for a last message that Pub/Sub lost")
    @WithDefault("10s")
    @Bounds(least = "100ms", most = "10m")
    Duration checkInterval();
}
