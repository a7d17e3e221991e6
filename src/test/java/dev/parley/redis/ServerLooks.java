package dev.parley.redis;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.sentinel.api.StatefulRedisSentinelConnection;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/** A connection to each single server, to see what it says of itself. */
final class ServerLooks implements AutoCloseable {

    private final RedisClient client = RedisClient.create();
    private final Map<Integer, StatefulRedisConnection<String, String>> connections = new ConcurrentHashMap<>();

    RedisCommands<String, String> at(EmbeddedRedis server) {
        return connections
                .computeIfAbsent(server.port(), port -> client.connect(uri(port)))
                .sync();
    }

    /** A connection as others make it. */
    StatefulRedisConnection<String, String> connect(String uri) {
        return client.connect(RedisURI.create(uri));
    }

    boolean inStep(EmbeddedRedis replica) {
        return at(replica).info("replication").contains("master_link_status:up");
    }

    /** How often a sentinel has seen the master of a name replaced. */
    long configEpoch(EmbeddedRedis sentinel, String name) {
        try (StatefulRedisSentinelConnection<String, String> connection =
                client.connectSentinel(uri(sentinel.port()))) {
            return Long.parseLong(
                    Objects.requireNonNull(connection.sync().master(name).get("config-epoch")));
        }
    }

    private static RedisURI uri(int port) {
        return RedisURI.Builder.redis("127.0.0.1", port)
                .withTimeout(Duration.ofSeconds(5))
                .build();
    }

    @Override
    public void close() {
        client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
    }
}
