package dev.parley.bench.subject;

import dev.parley.redis.Keys;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * What a conversation takes in Redis, in bytes, as {@code MEMORY USAGE} counts it.
 *
 * @param session its session, context and messages
 * @param log what stands beside them: its events, their ids and its counters
 */
public record Footprint(long session, long log) {

    /** Blocks. */
    public static Footprint of(RedisServer redis, String conversation) {
        RedisClient client = RedisClient.create(redis.uri());
        try (StatefulRedisConnection<String, String> connection = client.connect()) {
            Keys keys = Keys.DEFAULT;
            return new Footprint(
                    sum(
                            connection.sync(),
                            List.of(
                                    keys.session(conversation),
                                    keys.context(conversation),
                                    keys.messages(conversation))),
                    sum(
                            connection.sync(),
                            List.of(keys.log(conversation), keys.meta(conversation), keys.seen(conversation))));
        } finally {
            client.shutdown(0, 1, TimeUnit.SECONDS);
        }
    }

    /** Null is a key that is not there, such as an empty context. */
    private static long sum(RedisCommands<String, String> redis, List<String> keys) {
        return keys.stream()
                .map(redis::memoryUsage)
                .filter(Objects::nonNull)
                .mapToLong(bytes -> bytes)
                .sum();
    }
}
