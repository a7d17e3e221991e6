package dev.parley.store;

import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import dev.parley.support.Size;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** {@code parley.log}: how much of a conversation Redis keeps. */
public interface LogSettings {

    @Doc("minimum number of newest events kept per conversation")
    @WithDefault("1000")
    @Bounds(least = "1", most = "1000000")
    int maxEvents();

    @Doc("maximum bytes of events kept per conversation")
    @WithDefault("4MiB")
    @Bounds(least = "64KiB", most = "1GiB")
    Size maxBytes();

    @Doc(
            "maximum time that a conversation stays in Redis after its last event; it stays for at least half of this time")
    @WithDefault("2h")
    @Bounds(least = "1s", most = "30d")
    Duration ttl();

    @Doc("number of event ids remembered per conversation to refuse duplicates")
    @WithDefault("2000")
    @Bounds(least = "1", most = "1000000")
    int seen();

    @Doc("maximum text kept of one run in progress, for clients that join during the run")
    @WithDefault("1MiB")
    @Bounds(least = "1KiB", most = "64MiB")
    Size maxRunText();
}
