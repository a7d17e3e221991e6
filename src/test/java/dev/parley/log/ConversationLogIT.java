package dev.parley.log;

import dev.parley.redis.Redis;
import dev.parley.redis.TestRedis;
import io.lettuce.core.cluster.api.sync.RedisClusterCommands;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;

/** The log on a standalone server. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConversationLogIT implements LogContract {

    private final Redis redis = TestRedis.connect();

    @AfterAll
    void close() {
        redis.close().block(Duration.ofSeconds(10));
    }

    @Override
    public Redis redis() {
        return redis;
    }

    @Override
    public RedisClusterCommands<String, String> commands() {
        return TestRedis.commands();
    }
}
