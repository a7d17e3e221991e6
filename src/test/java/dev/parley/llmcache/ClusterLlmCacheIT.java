package dev.parley.llmcache;

import dev.parley.redis.OnRedis;
import dev.parley.redis.TestCluster;

/** The cache on a cluster of three masters. */
class ClusterLlmCacheIT extends OnRedis implements CacheContract {

    ClusterLlmCacheIT() {
        super(TestCluster.start());
    }
}
