package dev.parley.node;

import dev.parley.redis.Redis;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Reads Redis' properties ({@code INFO}) each time it is reached, and logs what an operator should know. */
final class RedisProbe {

    private static final Logger LOG = LoggerFactory.getLogger(RedisProbe.class);

    private final Redis redis;
    private final Flux<Boolean> reachable;
    private final Sinks.Empty<Void> asked = Sinks.empty();

    /** @param reachable whether calls pass, emitted whenever this may have changed */
    RedisProbe(Redis redis, Flux<Boolean> reachable) {
        this.redis = redis;
        this.reachable = reachable;
    }

    Disposable open() {
        return reachable
                .distinctUntilChanged()
                .filter(up -> up)
                .concatMap(up -> ask().doFinally(signal -> {
                    var unused = asked.tryEmitEmpty(); // only the first completion counts
                }))
                .subscribe();
    }

    /** Completes once Redis has been reached and has answered, with or without an error. */
    Mono<Void> asked() {
        return asked.asMono();
    }

    private Mono<Void> ask() {
        return redis.info()
                .map(RedisProbe::fields)
                .doOnNext(this::report)
                .onErrorResume(e -> {
                    LOG.warn("Redis rejects INFO, so its version and settings are unknown: {}", e.getMessage());
                    return Mono.empty();
                })
                .then();
    }

    private void report(Map<String, String> info) {
        boolean valkey = info.containsKey("valkey_version");
        String version = info.getOrDefault(valkey ? "valkey_version" : "redis_version", "unknown");
        LOG.info(
                "Connected to {} {} ({})",
                valkey ? "Valkey" : "Redis",
                version,
                info.getOrDefault("redis_mode", info.getOrDefault("server_mode", "standalone")));
        if (!valkey && major(version) < 7) {
            LOG.warn("Redis {} is too old: Parley needs 7.0 or later", version);
        }
        if ("cluster".equals(info.get("redis_mode")) && !redis.topology().sharded()) {
            LOG.warn(
                    "Redis is a node of a cluster and rejects most keys: set parley.redis.uri to redis-cluster://host:port,...");
        }
        if ("slave".equals(info.get("role")) && !redis.topology().sharded()) {
            LOG.warn(
                    "Redis is a replica, which accepts no writes: name its master, or its sentinels, in parley.redis.uri");
        }
        String eviction = info.getOrDefault("maxmemory_policy", "noeviction");
        if (!eviction.equals("noeviction")) {
            LOG.warn(
                    "Redis may evict keys (maxmemory-policy {}): clients then receive a gap. Set it to noeviction",
                    eviction);
        }
        if ("0".equals(info.get("aof_enabled"))) {
            LOG.info("Redis has no append-only file: a crash loses unsaved data, and clients then receive a gap");
        }
    }

    private static int major(String version) {
        int dot = version.indexOf('.');
        return dot > 0 && version.substring(0, dot).matches("\\d{1,4}")
                ? Integer.parseInt(version.substring(0, dot))
                : 0;
    }

    private static Map<String, String> fields(String info) {
        Map<String, String> fields = new HashMap<>();
        info.lines().forEach(line -> {
            int colon = line.indexOf(':');
            if (colon > 0) {
                fields.put(line.substring(0, colon), line.substring(colon + 1).trim());
            }
        });
        return fields;
    }
}
