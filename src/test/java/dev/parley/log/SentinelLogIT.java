package dev.parley.log;

import dev.parley.redis.OnRedis;
import dev.parley.redis.TestSentinels;

/** The log on a master that sentinels name. */
class SentinelLogIT extends OnRedis implements LogContract {

    SentinelLogIT() {
        super(TestSentinels.start());
    }
}
