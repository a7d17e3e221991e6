package dev.parley.llmcache.semantic;

import dev.parley.redis.Keys;
import dev.parley.redis.OnRedis;

/** Vector sets of a Redis 8. */
class VectorSetsIT extends OnRedis implements IndexContract {

    VectorSetsIT() {
        super(Redis8.start());
    }

    @Override
    public SemanticIndex index(int limit) {
        return new VectorSets(redis(), Keys.DEFAULT, limit);
    }
}
