package dev.parley.redis;

import dev.parley.support.Patience;
import io.lettuce.core.cluster.api.sync.RedisClusterCommands;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;

/** What a contract is held against: a layout of Redis, the gateway's way to it, and a client to look into it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class OnRedis {

    private final Redis redis;
    private final RedisClusterCommands<String, String> commands;
    private final Runnable end;

    /** The one that all tests of a JVM share. */
    protected OnRedis() {
        this(TestRedis.connect(), TestRedis.commands(), () -> {});
    }

    /** One of its own, which ends with the class. */
    protected OnRedis(TestServer server) {
        this(server.connect(), server.commands(), server::close);
    }

    private OnRedis(Redis redis, RedisClusterCommands<String, String> commands, Runnable end) {
        this.redis = redis;
        this.commands = commands;
        this.end = end;
    }

    @AfterAll
    void close() {
        redis.close().block(Patience.ofSeconds(10));
        end.run();
    }

    public Redis redis() {
        return redis;
    }

    public RedisClusterCommands<String, String> commands() {
        return commands;
    }
}
