package dev.parley.session;

import dev.parley.redis.OnRedis;
import dev.parley.redis.TestCluster;

/** Sessions on a cluster of three masters. */
class ClusterSessionsIT extends OnRedis implements SessionContract {

    ClusterSessionsIT() {
        super(TestCluster.start());
    }
}
