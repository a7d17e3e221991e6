package dev.parley.support;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;

/**
 * What events make of runs and messages: one table for all that fold them, the append script, the hub's ephemeral runs and the
 * browser's transcript.
 */
public final class FoldCases {

    public static final ObjectMapper JSON = new ObjectMapper();

    /**
     * One of them.
     *
     * @param events what agents publish; {@code late} is {@code always} where an event comes after the end of its run, and {@code durable}
     *     where only the log can know that
     * @param messages what has become of runs that have ended
     * @param runs those in progress, with the tools that run
     */
    public record Case(String name, List<JsonNode> events, JsonNode messages, JsonNode runs) {

        @Override
        public String toString() {
            return name;
        }
    }

    private FoldCases() {}

    public static List<Case> all() {
        try (InputStream in = FoldCases.class.getResourceAsStream("/dev/parley/fold/cases.json")) {
            return JSON.readValue(Objects.requireNonNull(in), new TypeReference<List<Case>>() {});
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** An event as an agent publishes it. */
    public static String published(JsonNode event, String conversation) {
        ObjectNode payload = event.path("payload").deepCopy();
        payload.put("conversation_id", conversation);
        return JSON.createObjectNode()
                .put("event", event.path("event").asText())
                .set("payload", payload)
                .toString();
    }

    /** A snapshot's runs in the table's form. */
    public static JsonNode runs(JsonNode snapshot) {
        ArrayNode runs = JSON.createArrayNode();
        for (JsonNode run : snapshot) {
            ObjectNode one = runs.addObject();
            copy(run, one, "run");
            copy(run, one, "agent");
            one.set("text", run.path("text"));
            ArrayNode tools = one.putArray("tools");
            run.path("tools").forEach(tool -> tools.add(tool.path("tool")));
        }
        return runs;
    }

    /** A snapshot's messages in the table's form. */
    public static JsonNode messages(JsonNode snapshot) {
        ArrayNode messages = JSON.createArrayNode();
        for (JsonNode message : snapshot) {
            ObjectNode one = messages.addObject();
            copy(message, one, "agent");
            one.set("content", message.path("content"));
            copy(message, one, "failed");
        }
        return messages;
    }

    private static void copy(JsonNode from, ObjectNode to, String field) {
        if (!from.path(field).asText().isEmpty()) {
            to.set(field, from.path(field));
        }
    }
}
