package dev.parley.node;

import dev.parley.config.GatewayConfig;
import dev.parley.redis.Keys;
import dev.parley.redis.Probes;
import dev.parley.redis.PubSub;
import dev.parley.redis.Redis;
import dev.parley.redis.RedisTopology;
import dev.parley.resilience.RedisCircuitBreakers;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;

/** Assembles Redis: the connections, the circuit breaker of each master, and the state for readiness. */
final class RedisAssembly {

    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);

    private final String uri;
    private final RedisCircuitBreakers breakers = new RedisCircuitBreakers();
    private final Redis redis;
    private final RedisProbe probe;
    private final Keys keys;
    private final PubSub live;
    private final PubSub channels;
    private final Probes probes;

    /**
     * @param uri with its password
     * @param lifecycle closes the connections
     */
    RedisAssembly(GatewayConfig config, String uri, Lifecycle lifecycle) {
        this.uri = uri;
        redis = new Redis(RedisTopology.parse(uri), "parley:" + config.node(), config.redis(), breakers);
        probe = new RedisProbe(redis, breakers.changes().map(change -> breakers.anyClosed()));
        keys = new Keys(config.redis().keyPrefix().orElse(""));
        live = redis.pubSub();
        channels = redis.broadcasts();
        probes = new Probes(redis, keys, live, channels);
        lifecycle.start(
                "Redis connections",
                () -> {},
                () -> Flux.concatDelayError(live.close(), channels.close(), redis.close())
                        .then(),
                CLOSE_LIMIT);
    }

    /** @param onChange called before a caller uses a connection whose state has changed; must not block */
    void start(Lifecycle lifecycle, Consumer<RedisCircuitBreakers.Change> onChange) {
        lifecycle.start(
                "Redis probes",
                () -> {
                    Disposable started = Disposables.composite(
                            breakers.changes().subscribe(onChange),
                            probe.open(),
                            breakers.open(probes.masters(), probes::ping),
                            probes);
                    redis.open();
                    probes.open();
                    return started;
                },
                CLOSE_LIMIT);
    }

    String uri() {
        return uri;
    }

    RedisCircuitBreakers breakers() {
        return breakers;
    }

    Redis redis() {
        return redis;
    }

    RedisProbe probe() {
        return probe;
    }

    Keys keys() {
        return keys;
    }

    /** Pub/Sub for live messages of conversations hosted here. */
    PubSub live() {
        return live;
    }

    /** Pub/Sub for broadcasts to all nodes. */
    PubSub channels() {
        return channels;
    }

    Probes probes() {
        return probes;
    }

    /** The reason why the node is not ready; null while Redis serves it. */
    @Nullable
    String trouble() {
        String refused = probes.refusedToConversations();
        if (refused != null) {
            return refused;
        }
        String silent = probes.silent();
        if (silent == null && breakers.anyClosed()) {
            return null;
        }
        String denied = redis.refusedConnection();
        if (denied != null) {
            return denied;
        }
        return silent != null ? silent : "Redis can't be reached";
    }
}
