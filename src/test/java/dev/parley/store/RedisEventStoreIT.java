package dev.parley.store;

import dev.parley.redis.OnRedis;

/** The log on a standalone server. */
class RedisEventStoreIT extends OnRedis implements EventStoreContract {}
