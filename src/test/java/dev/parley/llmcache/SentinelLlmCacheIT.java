package dev.parley.llmcache;

import dev.parley.redis.OnRedis;
import dev.parley.redis.TestSentinels;

/** The cache on a master that sentinels name. */
class SentinelLlmCacheIT extends OnRedis implements CacheContract {

    SentinelLlmCacheIT() {
        super(TestSentinels.start());
    }
}
