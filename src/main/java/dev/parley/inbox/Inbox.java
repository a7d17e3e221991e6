package dev.parley.inbox;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import reactor.core.publisher.Mono;

/** The agents' inboxes: a stream each, read by the agent's own consumer group. */
final class Inbox {

    private static final Script ADD = Script.load(Inbox.class, "inbox-add.lua");
    private static final Script ROOM = Script.load(Inbox.class, "inbox-room.lua");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int IDS = 10_000;
    private static final Duration IDS_TTL = Duration.ofHours(24);

    private final Redis redis;
    private final Keys keys;

    Inbox(Redis redis, Keys keys) {
        this.redis = redis;
        this.keys = keys;
    }

    /** Whether an agent's inbox takes one more; what all its consumers have acknowledged is dropped first. */
    Mono<Boolean> hasRoom(String agent, long max) {
        return ROOM.run(redis, new String[] {keys.inbox(agent)}, Script.bytes(max))
                .map(reply -> reply.get(0).equals(1L));
    }

    /**
     * Adds a message or cancel; does nothing when the inbox has had that id of that conversation: clients choose ids, and an inbox is
     * for many of them.
     *
     * @param event the {@code user.message} or {@code user.cancel} as it is in the log
     */
    Mono<Void> add(String agent, String conversation, String messageId, String position, byte[] event) {
        List<byte[]> arguments = new ArrayList<>();
        arguments.add(Script.bytes(conversation + " " + messageId));
        arguments.add(Script.bytes(IDS));
        arguments.add(Script.bytes(IDS_TTL.toMillis()));
        for (String part : entry(messageId, position, event)) {
            arguments.add(Script.bytes(part));
        }
        return ADD.run(redis, new String[] {keys.inbox(agent), keys.inboxSeen(agent)}, arguments.toArray(byte[][]::new))
                .then();
    }

    private static List<String> entry(String messageId, String position, byte[] event) {
        JsonNode tree = tree(event);
        JsonNode payload = tree.path("payload");
        boolean message = tree.path("event").asText().equals(UserEvents.MESSAGE);
        List<String> fields = new ArrayList<>(List.of(
                "type",
                message ? "message" : "cancel",
                "conversation_id",
                payload.path("conversation_id").asText(),
                "message_id",
                messageId,
                "tenant_id",
                payload.path("tenant_id").asText(),
                "position",
                position));
        JsonNode content = payload.path("content");
        if (content.isArray()) {
            // Whoever knows of no parts reads the texts among them.
            String texts = StreamSupport.stream(content.spliterator(), false)
                    .map(part -> part.path("text").asText())
                    .filter(text -> !text.isEmpty())
                    .collect(Collectors.joining("\n"));
            fields.addAll(List.of("content", texts, "parts", content.toString()));
        } else if (message) {
            fields.addAll(List.of("content", content.asText()));
        }
        for (String name : List.of("run", "reason")) {
            if (payload.has(name)) {
                fields.addAll(List.of(name, payload.path(name).asText()));
            }
        }
        fields.addAll(List.of(
                "metadata", payload.has("metadata") ? payload.path("metadata").toString() : "{}"));
        return fields;
    }

    private static JsonNode tree(byte[] event) {
        try {
            return JSON.readTree(event);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an inbox mark is no event", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
