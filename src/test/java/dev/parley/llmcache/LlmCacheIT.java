package dev.parley.llmcache;

import dev.parley.redis.OnRedis;

/** The cache in a Redis that stands alone. */
class LlmCacheIT extends OnRedis implements CacheContract {}
