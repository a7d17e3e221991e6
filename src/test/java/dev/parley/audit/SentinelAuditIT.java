package dev.parley.audit;

import dev.parley.redis.OnRedis;
import dev.parley.redis.TestSentinels;

/** The audit trail on a master that sentinels name. */
class SentinelAuditIT extends OnRedis implements AuditContract {

    SentinelAuditIT() {
        super(TestSentinels.start());
    }
}
