package dev.parley.llmcache.semantic;

import dev.parley.redis.Keys;
import dev.parley.redis.OnRedis;
import dev.parley.redis.TestCluster;

/** Bounded partitions on a cluster of three masters. */
class ClusterBoundedPartitionsIT extends OnRedis implements IndexContract {

    ClusterBoundedPartitionsIT() {
        super(TestCluster.start());
    }

    @Override
    public SemanticIndex index(int limit) {
        return new BoundedPartitions(redis(), Keys.DEFAULT, limit, 1 << 20);
    }
}
