package dev.parley.sse;

import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** {@code parley.sse}: conversations followed as server-sent events. */
public interface SseSettings {

    @Doc(
            "interval of the comments that keep a stream of server-sent events open; shorter than the idle limit of any proxy in front")
    @WithDefault("15s")
    @Bounds(least = "100ms", most = "10m")
    Duration heartbeat();
}
