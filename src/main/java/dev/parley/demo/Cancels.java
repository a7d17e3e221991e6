package dev.parley.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.pubsub.api.reactive.PatternMessage;
import io.lettuce.core.pubsub.api.reactive.RedisPubSubReactiveCommands;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Receives people's cancels immediately, however long the inboxes are. The inboxes contain each cancel, too, in case this connection is
 * lost.
 */
final class Cancels {

    private static final Logger LOG = LoggerFactory.getLogger(Cancels.class);

    private static final ObjectMapper JSON = new ObjectMapper();

    /** @param run null for every run of the conversation */
    record Cancel(String conversation, @Nullable String run) {}

    private final RedisClient client;
    private final RedisURI uri;
    private final String channels;

    Cancels(RedisClient client, RedisURI uri, String prefix) {
        this.channels = prefix + "control:conv:*";
        this.client = client;
        this.uri = uri;
    }

    /** Never ends: Lettuce subscribes again after a reconnect. */
    Flux<Cancel> heard() {
        return Flux.usingWhen(
                        Mono.fromCompletionStage(() -> client.connectPubSubAsync(StringCodec.UTF8, uri)),
                        connection -> listen(connection.reactive()),
                        connection -> Mono.fromCompletionStage(connection::closeAsync),
                        (connection, e) -> Mono.fromCompletionStage(connection::closeAsync),
                        connection -> Mono.empty()) // nobody reads on when the agent ends, and its client ends with it
                .concatMap(message -> Mono.justOrEmpty(read(message.getMessage())))
                .doOnError(e -> LOG.warn("Cancels can't be received now: {}", e.getMessage()))
                .retryWhen(RedisRetry.AGAIN);
    }

    private Flux<PatternMessage<String, String>> listen(RedisPubSubReactiveCommands<String, String> commands) {
        return commands.observePatterns()
                .mergeWith(commands.psubscribe(channels).then(Mono.empty()));
    }

    private static @Nullable Cancel read(String event) {
        try {
            JsonNode payload = JSON.readTree(event).path("payload");
            return new Cancel(
                    payload.path("conversation_id").asText(),
                    payload.path("run").asText(null));
        } catch (JsonProcessingException e) {
            LOG.warn("A cancel that is not JSON was ignored: {}", e.getOriginalMessage());
            return null;
        }
    }
}
