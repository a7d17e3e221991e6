package dev.parley.audit;

import dev.parley.redis.OnRedis;
import dev.parley.redis.TestCluster;

/** Trails on a cluster of three masters. */
class ClusterAuditIT extends OnRedis implements AuditContract {

    ClusterAuditIT() {
        super(TestCluster.start());
    }
}
