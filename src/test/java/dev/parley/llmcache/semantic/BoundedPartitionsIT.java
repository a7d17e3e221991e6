package dev.parley.llmcache.semantic;

import dev.parley.redis.Keys;
import dev.parley.redis.OnRedis;

/** Bounded partitions on a standalone server. */
class BoundedPartitionsIT extends OnRedis implements IndexContract {

    @Override
    public SemanticIndex index(int limit) {
        return new BoundedPartitions(redis(), Keys.DEFAULT, limit, 1 << 20);
    }
}
