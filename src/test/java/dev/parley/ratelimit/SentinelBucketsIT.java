package dev.parley.ratelimit;

import dev.parley.redis.OnRedis;
import dev.parley.redis.TestSentinels;

/** Limits on a master that sentinels name. */
class SentinelBucketsIT extends OnRedis implements RedisBucketsContract {

    SentinelBucketsIT() {
        super(TestSentinels.start());
    }
}
