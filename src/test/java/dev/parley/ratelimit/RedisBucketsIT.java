package dev.parley.ratelimit;

import dev.parley.redis.OnRedis;

/** Buckets on a standalone server. */
class RedisBucketsIT extends OnRedis implements RedisBucketsContract {}
