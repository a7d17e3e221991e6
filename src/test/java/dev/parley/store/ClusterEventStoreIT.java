package dev.parley.store;

import dev.parley.redis.OnRedis;
import dev.parley.redis.TestCluster;

/** The log on a cluster of three masters. */
class ClusterEventStoreIT extends OnRedis implements EventStoreContract {

    ClusterEventStoreIT() {
        super(TestCluster.start());
    }
}
