package dev.parley.bench.peers.naive;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lettuce.core.RedisClient;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.pubsub.api.reactive.PatternMessage;
import io.lettuce.core.pubsub.api.reactive.RedisPubSubReactiveCommands;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/**
 * The gateway a team would write itself in an afternoon, without mistakes: the libraries' reactive interfaces as their guides show
 * them, JSON as a tree, texts as Strings, a multicast sink for each conversation, and the defaults of everything.
 */
public final class NaiveGateway {

    private static final Logger LOG = LoggerFactory.getLogger(NaiveGateway.class);

    private static final String GREETING = "{\"type\":\"following\"}";

    /** Events of a conversation that wait for its slowest follower. */
    private static final int BUFFER = 1024;

    private record Conversation(Sinks.Many<String> sink, int followers) {

        Conversation() {
            this(Sinks.many().multicast().onBackpressureBuffer(BUFFER, false), 0);
        }

        private Conversation joined() {
            return new Conversation(sink, followers + 1);
        }

        private @Nullable Conversation left() {
            return followers == 1 ? null : new Conversation(sink, followers - 1);
        }
    }

    private final ObjectMapper mapper = new ObjectMapper();
    private final Map<String, Conversation> conversations = new ConcurrentHashMap<>();
    private volatile boolean listening;

    private NaiveGateway() {}

    /**
     * @param args port and Redis' URI
     */
    public static void main(String[] args) {
        NaiveGateway gateway = new NaiveGateway();
        gateway.listen(RedisClient.create(args[1]).connectPubSub());
        HttpServer.create()
                .port(Integer.parseInt(args[0]))
                .route(routes -> routes.get("/health", gateway::health).get("/ws/{conversation}", gateway::follow))
                .bindNow()
                .onDispose()
                .block();
    }

    private void listen(StatefulRedisPubSubConnection<String, String> connection) {
        RedisPubSubReactiveCommands<String, String> redis = connection.reactive();
        redis.observePatterns().map(PatternMessage::getMessage).subscribe(this::publish);
        redis.psubscribe("agent:events:*")
                .subscribe(null, e -> LOG.error("No subscription", e), () -> listening = true);
    }

    private void publish(String message) {
        try {
            JsonNode event = mapper.readTree(message);
            String id = event.path("payload").path("conversation_id").asText();
            Conversation conversation = conversations.get(id);
            if (conversation != null) {
                Sinks.EmitResult result = conversation.sink().tryEmitNext(envelope(id, event));
                if (result.isFailure()) {
                    LOG.warn("An event of {} was dropped: {}", id, result);
                }
            }
        } catch (JsonProcessingException e) {
            LOG.warn("A malformed event was dropped: {}", e.getOriginalMessage());
        }
    }

    private String envelope(String conversation, JsonNode event) throws JsonProcessingException {
        ObjectNode envelope = mapper.createObjectNode();
        envelope.put("type", "event");
        envelope.put("conversation", conversation);
        envelope.set("event", event);
        return mapper.writeValueAsString(envelope);
    }

    private Publisher<Void> follow(HttpServerRequest request, HttpServerResponse response) {
        String id = request.param("conversation");
        // A client's end is the end of both; what it says is read away.
        return response.sendWebsocket((in, out) -> Mono.firstWithSignal(
                in.receive().then(), out.sendString(events(id)).then()));
    }

    private Flux<String> events(String id) {
        return Flux.defer(() -> join(id).asFlux().startWith(GREETING))
                .doFinally(end -> conversations.computeIfPresent(id, (key, conversation) -> conversation.left()));
    }

    private Sinks.Many<String> join(String id) {
        return conversations
                .compute(id, (key, there) -> (there == null ? new Conversation() : there).joined())
                .sink();
    }

    private Publisher<Void> health(HttpServerRequest request, HttpServerResponse response) {
        return response.status(listening ? HttpResponseStatus.OK : HttpResponseStatus.SERVICE_UNAVAILABLE)
                .send();
    }
}
