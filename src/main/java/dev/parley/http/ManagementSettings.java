package dev.parley.http;

import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import io.smallrye.config.WithDefault;

/** {@code parley.management}: the port for health and metrics. */
public interface ManagementSettings {

    @Doc("address for health and metrics; requires no token, so do not expose it")
    @WithDefault("127.0.0.1")
    String host();

    @Doc("port for health and metrics; 0 picks any free one")
    @WithDefault("8081")
    @Bounds(least = "0", most = "65535")
    int port();
}
