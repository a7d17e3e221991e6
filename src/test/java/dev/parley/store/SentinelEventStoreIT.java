package dev.parley.store;

import dev.parley.redis.OnRedis;
import dev.parley.redis.TestSentinels;

/** The log on a master that sentinels name. */
class SentinelEventStoreIT extends OnRedis implements EventStoreContract {

    SentinelEventStoreIT() {
        super(TestSentinels.start());
    }
}
