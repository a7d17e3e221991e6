package dev.parley.demo;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.api.reactive.RedisReactiveCommands;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/** The durable stream to which agents publish. */
final class EventStream {

    private static final Logger LOG = LoggerFactory.getLogger(EventStream.class);

    private static final long KEPT = 100_000;

    private final String key;
    private final Mono<RedisReactiveCommands<String, String>> commands;

    EventStream(String prefix, Mono<RedisReactiveCommands<String, String>> commands) {
        this.key = prefix + "agent:events:stream";
        this.commands = commands;
    }

    /** Adds an event, and retries until Redis has it. The gateway drops a repeated id, so one try too many is harmless. */
    Mono<Void> publish(String id, String event, ObjectNode payload) {
        Map<String, String> entry = Map.of(
                "event",
                event,
                "payload",
                payload.toString(),
                "timestamp",
                Instant.now().truncatedTo(ChronoUnit.MILLIS).toString(),
                "event_id",
                id);
        XAddArgs capped = XAddArgs.Builder.maxlen(KEPT).approximateTrimming();
        return commands.flatMap(redis -> redis.xadd(key, capped, entry))
                .doOnError(e -> LOG.warn("{} waits for Redis: {}", event, e.getMessage()))
                .retryWhen(RedisRetry.AGAIN)
                .then();
    }
}
