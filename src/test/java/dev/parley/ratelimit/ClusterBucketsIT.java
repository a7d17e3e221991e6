package dev.parley.ratelimit;

import dev.parley.redis.OnRedis;
import dev.parley.redis.TestCluster;

/** Buckets on a cluster of three masters. */
class ClusterBucketsIT extends OnRedis implements RedisBucketsContract {

    ClusterBucketsIT() {
        super(TestCluster.start());
    }
}
