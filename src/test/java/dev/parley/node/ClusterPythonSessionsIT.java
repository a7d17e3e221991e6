package dev.parley.node;

import dev.parley.redis.TestCluster;
import io.lettuce.core.cluster.api.sync.RedisClusterCommands;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClusterPythonSessionsIT implements PythonSessionsContract {

    private final TestCluster cluster = TestCluster.start();
    private final TestNode node = TestNode.start("redis.uri", cluster.uri());
    private final TestNode other = TestNode.start("redis.uri", cluster.uri());

    @AfterAll
    void close() {
        node.close();
        other.close();
        cluster.close();
    }

    @Override
    public TestNode node() {
        return node;
    }

    @Override
    public TestNode other() {
        return other;
    }

    @Override
    public RedisClusterCommands<String, String> commands() {
        return cluster.commands();
    }
}
