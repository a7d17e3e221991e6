package dev.parley.audit;

import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import dev.parley.support.Secret;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** {@code parley.audit}: what is recorded, and how long it is kept. */
public interface TrailSettings {

    @Doc(
            value =
                    "key that seals the entries of the audit trail, the same on all nodes; without it the chain reveals mistakes but not"
                            + " manipulation. It can't be changed: entries sealed with another key count as changed",
            bounds = "32 bytes or more")
    Optional<Secret> key();

    @Doc(
            "whether the node records what people do through the gateway, and what they are denied; entries that agents append are kept in"
                    + " either case")
    @WithDefault("true")
    boolean actions();

    @Doc(
            "number of newest entries of a trail that Redis keeps. With PostgreSQL an older entry is removed once it is archived, and at most"
                    + " ten times as many wait")
    @WithDefault("10000")
    @Bounds(least = "100", most = "1000000")
    int maxEntries();

    @Doc("time that Redis keeps a trail after its last entry; with PostgreSQL only once all of the trail is archived")
    @WithDefault("1d")
    @Bounds(least = "1s", most = "3650d")
    Duration ttl();

    @Doc(value = "time that PostgreSQL keeps entries, by whole months", unset = "for ever")
    @Bounds(least = "1d", most = "36500d")
    Optional<Duration> retention();
}
