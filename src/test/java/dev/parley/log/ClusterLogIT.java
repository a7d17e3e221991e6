package dev.parley.log;

import dev.parley.redis.Redis;
import dev.parley.redis.TestCluster;
import io.lettuce.core.cluster.api.sync.RedisClusterCommands;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;

/** The log on a cluster of three masters. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClusterLogIT implements LogContract {

    private final TestCluster cluster = TestCluster.start();
    private final Redis redis = cluster.connect();

    @AfterAll
    void close() {
        redis.close().block(Duration.ofSeconds(10));
        cluster.close();
    }

    @Override
    public Redis redis() {
        return redis;
    }

    @Override
    public RedisClusterCommands<String, String> commands() {
        return cluster.commands();
    }
}
