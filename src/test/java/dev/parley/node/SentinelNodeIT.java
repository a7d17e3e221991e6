package dev.parley.node;

import dev.parley.redis.TestSentinels;
import dev.parley.redis.TestTopology;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SentinelNodeIT implements TopologyContract {

    private final TestSentinels sentinels = TestSentinels.start();
    private final TestNode node = TestNode.start("redis.uri", sentinels.uri());

    @AfterAll
    void close() {
        node.close();
        sentinels.close();
    }

    @Override
    public TestNode node() {
        return node;
    }

    @Override
    public TestTopology topology() {
        return sentinels;
    }
}
