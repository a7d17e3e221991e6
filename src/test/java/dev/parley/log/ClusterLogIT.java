package dev.parley.log;

import dev.parley.redis.OnRedis;
import dev.parley.redis.TestCluster;

/** The log on a cluster of three masters. */
class ClusterLogIT extends OnRedis implements LogContract {

    ClusterLogIT() {
        super(TestCluster.start());
    }
}
