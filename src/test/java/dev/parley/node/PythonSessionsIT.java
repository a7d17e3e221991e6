package dev.parley.node;

import dev.parley.redis.TestRedis;
import io.lettuce.core.cluster.api.sync.RedisClusterCommands;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PythonSessionsIT implements PythonSessionsContract {

    private final TestNode node = TestNode.start();
    private final TestNode other = TestNode.start();

    @AfterAll
    void close() {
        node.close();
        other.close();
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
        return TestRedis.commands();
    }
}
