package dev.parley.node;

import dev.parley.redis.TestCluster;
import dev.parley.redis.TestTopology;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClusterNodeIT implements TopologyContract {

    private final TestCluster cluster = TestCluster.start();
    private final TestNode node = TestNode.start("redis.uri", cluster.uri());

    @AfterAll
    void close() {
        node.close();
        cluster.close();
    }

    @Override
    public TestNode node() {
        return node;
    }

    @Override
    public TestTopology topology() {
        return cluster;
    }
}
