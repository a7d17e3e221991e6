package dev.parley.chaos;

import io.lettuce.core.cluster.api.sync.RedisClusterCommands;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** XADD to a durable stream. */
final class StreamPublisher extends Publisher {

    private final RedisClusterCommands<String, String> redis;
    private final String stream;

    StreamPublisher(
            String name,
            List<String> conversations,
            Ledger ledger,
            Random random,
            long paceNanos,
            RedisClusterCommands<String, String> redis,
            String stream) {
        super(name, conversations, ledger, random, paceNanos);
        this.redis = redis;
        this.stream = stream;
    }

    @Override
    Ledger.Answer publish(Mark mark, Random random) {
        String id = redis.xadd(stream, Map.of("event", "agent.note", "event_id", mark.id(), "payload", mark.payload()));
        if (id == null) {
            throw new IllegalStateException("no id");
        }
        return Ledger.Answer.ADDED;
    }
}
