package dev.parley.log;

import dev.parley.redis.Redis;
import dev.parley.redis.TestSentinels;
import io.lettuce.core.cluster.api.sync.RedisClusterCommands;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;

/** The log on a master that sentinels name. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SentinelLogIT implements LogContract {

    private final TestSentinels sentinels = TestSentinels.start();
    private final Redis redis = sentinels.connect();

    @AfterAll
    void close() {
        redis.close().block(Duration.ofSeconds(10));
        sentinels.close();
    }

    @Override
    public Redis redis() {
        return redis;
    }

    @Override
    public RedisClusterCommands<String, String> commands() {
        return sentinels.commands();
    }
}
