package dev.parley.store;

import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** {@code parley.runs}: answers in progress. */
public interface RunSettings {

    @Doc(
            "time without an event of a run after which the run is ended as failed, unless the run declares a lease of its own"
                    + " (`payload.lease_ms`)")
    @WithDefault("5m")
    @Bounds(least = "1s", most = "1d")
    Duration silence();
}
