package dev.parley.ingest;

import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import reactor.core.publisher.Mono;

/**
 * How often Redis has refused entries of one stream, {@code {<stream>}:refused}: beside the lease, so that whoever takes over goes on
 * counting.
 */
final class Refusals {

    private static final Script REFUSED = Script.load(Refusals.class, "refused.lua");
    private static final Duration KEPT = Duration.ofHours(1);

    private final Redis redis;
    private final String key;

    Refusals(Redis redis, String stream) {
        this.redis = redis;
        this.key = "{" + stream + "}:refused";
    }

    /** Counts one more refusal for each, and emits how many that makes. */
    Mono<Map<String, Long>> add(List<String> ids) {
        if (ids.isEmpty()) {
            return Mono.just(Map.of());
        }
        List<byte[]> arguments = new ArrayList<>(List.of(Script.bytes(KEPT.toMillis())));
        ids.forEach(id -> arguments.add(Script.bytes(id)));
        return REFUSED.run(redis, new String[] {key}, arguments.toArray(byte[][]::new))
                .map(counts -> {
                    Map<String, Long> all = new HashMap<>();
                    for (int i = 0; i < ids.size(); i++) {
                        all.put(ids.get(i), (Long) counts.get(i));
                    }
                    return all;
                });
    }

    /** What was counted is settled. */
    Mono<Void> clear() {
        return redis.callOne(key, commands -> commands.del(key)).then();
    }
}
