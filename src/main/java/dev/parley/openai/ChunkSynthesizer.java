package dev.parley.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Makes the chunks of a stream of a whole response. */
final class ChunkSynthesizer {

    /** Characters per chunk. */
    private static final int PIECE = 64;

    private final JsonNode whole;
    private final boolean usage;
    private final List<byte[]> events = new ArrayList<>();

    private ChunkSynthesizer(JsonNode whole, boolean usage) {
        this.whole = whole;
        this.usage = usage;
    }

    /** @param usage whether the last chunk has it */
    static List<byte[]> events(JsonNode whole, boolean usage) {
        ChunkSynthesizer replay = new ChunkSynthesizer(whole, usage);
        whole.path("choices").forEach(replay::choice);
        if (usage && whole.hasNonNull("usage")) {
            ObjectNode last = replay.head();
            last.putArray("choices");
            last.set("usage", whole.get("usage"));
            replay.add(Json.bytes(last));
        }
        replay.add(ChunkAggregator.DONE.getBytes(StandardCharsets.UTF_8));
        return replay.events;
    }

    private void choice(JsonNode choice) {
        JsonNode message = choice.path("message");
        ObjectNode first = JsonNodeFactory.instance.objectNode();
        message.properties().forEach(field -> {
            if (!field.getKey().equals("content") && !field.getKey().equals("tool_calls")) {
                first.set(field.getKey(), field.getValue());
            }
        });
        chunk(
                choice,
                first.put("role", message.path("role").asText("assistant")).put("content", ""),
                false);
        String content = message.path("content").asText("");
        // With probabilities per token, the text stays in one piece.
        boolean onePiece = choice.path("logprobs").isObject();
        for (int from = 0; from < content.length(); ) {
            int to = onePiece ? content.length() : end(content, from);
            chunk(choice, JsonNodeFactory.instance.objectNode().put("content", content.substring(from, to)), false);
            from = to;
        }
        if (message.path("tool_calls").isArray() && !message.path("tool_calls").isEmpty()) {
            ObjectNode calls = JsonNodeFactory.instance.objectNode();
            ArrayNode list = calls.putArray("tool_calls");
            message.path("tool_calls")
                    .forEach(call -> list.add(JsonNodeFactory.instance
                            .objectNode()
                            .put("index", list.size())
                            .setAll((ObjectNode) call.deepCopy())));
            chunk(choice, calls, false);
        }
        chunk(choice, JsonNodeFactory.instance.objectNode(), true);
    }

    private static int end(String text, int from) {
        int to = Math.min(text.length(), from + PIECE);
        return to < text.length() && Character.isHighSurrogate(text.charAt(to - 1)) ? to + 1 : to;
    }

    private void chunk(JsonNode choice, ObjectNode delta, boolean last) {
        ObjectNode chunk = head();
        ObjectNode part = chunk.putArray("choices")
                .addObject()
                .put("index", choice.path("index").asInt());
        part.set("delta", delta);
        boolean text = !delta.path("content").asText("").isEmpty();
        part.set("logprobs", text && choice.has("logprobs") ? choice.get("logprobs") : NullNode.getInstance());
        part.put("finish_reason", last ? choice.path("finish_reason").asText() : null);
        if (usage) {
            chunk.putNull("usage");
        }
        add(Json.bytes(chunk));
    }

    private ObjectNode head() {
        ObjectNode head = JsonNodeFactory.instance.objectNode();
        whole.properties().forEach(field -> {
            if (!field.getKey().equals("choices") && !field.getKey().equals("usage")) {
                head.set(field.getKey(), field.getValue());
            }
        });
        return head.put("object", "chat.completion.chunk");
    }

    private void add(byte[] data) {
        byte[] event = new byte[data.length + 8];
        System.arraycopy("data: ".getBytes(StandardCharsets.US_ASCII), 0, event, 0, 6);
        System.arraycopy(data, 0, event, 6, data.length);
        event[event.length - 2] = '\n';
        event[event.length - 1] = '\n';
        events.add(event);
    }
}
