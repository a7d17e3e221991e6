package dev.parley.session;

import dev.parley.config.TestSettings;
import dev.parley.redis.Keys;
import dev.parley.redis.Probes;
import dev.parley.redis.PubSub;
import dev.parley.redis.Redis;
import dev.parley.redis.RedisSettings;
import dev.parley.redis.RedisTopology;
import dev.parley.resilience.RedisCircuitBreakers;
import dev.parley.support.Patience;
import reactor.core.Disposable;
import reactor.core.Disposables;

/** A way to Redis with a gate for each master, as a node has it. */
record GatedRedis(Redis redis, PubSub live, PubSub channels, Disposable watching) implements AutoCloseable {

    /** @param name of its connections */
    static GatedRedis connect(String uri, String name) {
        RedisCircuitBreakers gates = new RedisCircuitBreakers();
        Redis redis = new Redis(RedisTopology.parse(uri), name, TestSettings.of(RedisSettings.class), gates);
        PubSub live = redis.pubSub();
        PubSub channels = redis.broadcasts();
        Probes probes = new Probes(redis, Keys.DEFAULT, live, channels);
        Disposable watching = gates.open(probes.masters(), probes::ping);
        redis.open();
        probes.open();
        redis.reached().block(Patience.ofSeconds(10));
        return new GatedRedis(redis, live, channels, Disposables.composite(probes, watching));
    }

    @Override
    public void close() {
        watching.dispose();
        live.close().then(channels.close()).then(redis.close()).block(Patience.ofSeconds(10));
    }
}
