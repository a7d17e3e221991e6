package dev.parley.ingest;

import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import reactor.core.publisher.Mono;

/** Failed attempts per entry of one stream, {@link Keys#refused}. They are stored in Redis, so that the next reader goes on counting. */
final class DeliveryAttempts {

    private static final Script COUNT = Script.load(DeliveryAttempts.class, "refused.lua");
    private static final Duration TTL = Duration.ofHours(1);

    private final Redis redis;
    private final String key;

    DeliveryAttempts(Redis redis, Keys keys, String stream) {
        this.redis = redis;
        this.key = keys.refused(stream);
    }

    /**
     * Counts one more attempt for each id.
     *
     * @param ids one at least
     * @return attempts so far, by id
     */
    Mono<Map<String, Long>> count(List<String> ids) {
        List<byte[]> arguments = new ArrayList<>(List.of(Script.bytes(TTL.toMillis())));
        ids.forEach(id -> arguments.add(Script.bytes(id)));
        return COUNT.run(redis, new String[] {key}, arguments.toArray(byte[][]::new))
                .map(counts -> byId(ids, counts));
    }

    static Map<String, Long> byId(List<String> ids, List<Object> counts) {
        Map<String, Long> all = new HashMap<>();
        for (int i = 0; i < ids.size(); i++) {
            all.put(ids.get(i), (Long) counts.get(i));
        }
        return all;
    }

    Mono<Void> clear() {
        return redis.callOne(key, commands -> commands.del(key)).then();
    }
}
