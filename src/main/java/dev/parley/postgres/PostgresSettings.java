package dev.parley.postgres;

import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import dev.parley.support.Secret;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** {@code parley.postgres}: the record that outlives Redis; off unless it is embedded or has a URL. */
public interface PostgresSettings {

    @Doc(
            "whether the node starts a PostgreSQL of its own, on a free port, and removes it when the node stops. True in the demo, which"
                    + " alone has the binaries; excludes `parley.postgres.url`")
    @WithDefault("false")
    boolean embedded();

    @Doc(
            "address of PostgreSQL, `postgresql://host:5432/database`, several hosts separated by commas, with options such as"
                    + " `?sslMode=verify-full`; without it there is no record beyond what Redis keeps, see [below](#postgresql)")
    Optional<PostgresUrl> url();

    @Doc("user name for `parley.postgres.url`; required with it")
    Optional<String> username();

    @Doc("password for `parley.postgres.url`; never shown")
    Optional<Secret> password();

    @Doc("maximum connections per node")
    @WithDefault("10")
    @Bounds(least = "1", most = "1000")
    int pool();

    @Doc("maximum time to establish a connection, and to wait for a free one")
    @WithDefault("5s")
    @Bounds(least = "100ms", most = "1m")
    Duration connectTimeout();

    @Doc("maximum time of a statement or a transaction")
    @WithDefault("10s")
    @Bounds(least = "100ms", most = "10m")
    Duration queryTimeout();

    /** Whether there is a record. */
    default boolean enabled() {
        return embedded() || url().isPresent();
    }
}
