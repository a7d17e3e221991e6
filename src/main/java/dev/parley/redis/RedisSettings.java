package dev.parley.redis;

import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** {@code parley.redis}: the Redis that all nodes share. */
public interface RedisSettings {

    /** Maximum BLOCK of a read by {@link Redis#blocking}: it may stay unanswered for so much longer than another command. */
    Duration LONGEST_BLOCK = Duration.ofMillis(500);

    @Doc("address of Redis: `redis://`, `rediss://` with TLS, `redis-sentinel://host:port,…/#master`,"
            + " `redis-cluster://host:port,…`, the last two also with `rediss`; the password in it is never shown")
    @WithDefault("redis://127.0.0.1:6379")
    RedisUri uri();

    @Doc(
            "whether the node starts a Redis of its own, in memory only, and uses that. True in the demo, which alone has the"
                    + " binaries; excludes `parley.redis.uri`")
    @WithDefault("false")
    boolean embedded();

    @Doc("maximum time to establish a connection")
    @WithDefault("5s")
    @Bounds(least = "100ms", most = "1m")
    Duration connectTimeout();

    @Doc("maximum time to wait for an answer")
    @WithDefault("5s")
    @Bounds(least = "10ms", most = "1m")
    Duration commandTimeout();

    @Doc("maximum pending commands per connection; further commands are refused")
    @WithDefault("10000")
    @Bounds(least = "1", most = "1000000")
    int requestQueue();

    @Doc("interval at which the node publishes a probe to a channel of its own, on every master")
    @WithDefault("1s")
    @Bounds(least = "100ms", most = "1m")
    Duration probeInterval();

    @Doc(
            "time without a probe, or without an answer on a connection with pending commands, after which the connection is closed;"
                    + " at least two intervals")
    @WithDefault("5s")
    @Bounds(least = "500ms", most = "5m")
    Duration probeTimeout();

    @Doc(
            value =
                    "prefix of every key and channel, for a Redis that is shared, see [Keys and rights](#keys-and-rights);"
                            + " required when `parley.redis.uri` names a database other than 0",
            bounds = "up to 64 of letters, digits and `:._/-`")
    Optional<String> keyPrefix();
}
