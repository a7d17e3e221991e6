package dev.parley.store;

import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import dev.parley.support.Size;
import io.smallrye.config.WithDefault;

/** {@code parley.resume}: how much is replayed to a client before it receives a snapshot instead. */
public interface ResumeSettings {

    @Doc("maximum number of missed events that are replayed; a client that missed more receives a snapshot")
    @WithDefault("1000")
    @Bounds(least = "1", most = "100000")
    int limit();

    @Doc("maximum bytes of missed events that are replayed; a client that missed more receives a snapshot")
    @WithDefault("1MiB")
    @Bounds(least = "1KiB", most = "64MiB")
    Size limitBytes();
}
