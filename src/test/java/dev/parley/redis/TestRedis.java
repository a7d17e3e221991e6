package dev.parley.redis;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.api.sync.RedisCommands;

/** One Redis for all integration tests of a JVM, and a client of its own to look into it. Tests use their own conversations. */
public final class TestRedis {

    private static final EmbeddedRedis SERVER = EmbeddedRedis.start();
    private static final RedisClient CLIENT = RedisClient.create(SERVER.uri());
    private static final StatefulRedisConnection<String, String> CONNECTION = CLIENT.connect();

    private TestRedis() {}

    public static String uri() {
        return SERVER.uri();
    }

    /** Blocking commands, as an agent or an operator would send them. */
    public static RedisCommands<String, String> commands() {
        return CONNECTION.sync();
    }

    /** The same, pipelined. */
    public static RedisAsyncCommands<String, String> pipelined() {
        return CONNECTION.async();
    }

    /** The gateway's own way to it; the caller closes it. */
    public static Redis connect() {
        return TestServer.connect(uri());
    }
}
