package dev.parley.session;

import dev.parley.redis.OnRedis;
import dev.parley.redis.TestSentinels;

/** Sessions on a master that sentinels name. */
class SentinelSessionsIT extends OnRedis implements SessionContract {

    SentinelSessionsIT() {
        super(TestSentinels.start());
    }
}
