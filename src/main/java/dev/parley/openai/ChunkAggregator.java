package dev.parley.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Makes a whole response of chunks, if they are not too many, and of known kinds. Not thread-safe. */
final class ChunkAggregator {

    static final String DONE = "[DONE]";

    private final int most;
    private final ObjectNode whole = JsonNodeFactory.instance.objectNode();
    private final Map<Integer, Choice> choices = new TreeMap<>();
    private int bytes;
    private boolean broken;
    private boolean speaks;

    /** @param most maximum bytes of chunks */
    ChunkAggregator(int most) {
        this.most = most;
    }

    void add(String data) {
        bytes += data.length();
        JsonNode chunk = broken || bytes > most ? null : Json.readOrNull(data.getBytes(StandardCharsets.UTF_8));
        if (chunk == null || !chunk.isObject() || chunk.hasNonNull("error")) {
            broken = true;
            whole.removeAll();
            choices.clear();
            return;
        }
        chunk.properties().forEach(field -> {
            if (!field.getKey().equals("choices") && !field.getValue().isNull()) {
                whole.set(field.getKey(), field.getValue());
            }
        });
        chunk.path("choices").forEach(this::choice);
    }

    private void choice(JsonNode part) {
        if (part.path("index").asInt() < 0 || choices.size() > 128) {
            broken = true;
            return;
        }
        Choice choice = choices.computeIfAbsent(part.path("index").asInt(), index -> new Choice());
        part.path("delta").properties().forEach(field -> broken |= !choice.add(field.getKey(), field.getValue()));
        if (!speaks) {
            speaks = !broken
                    && choices.values().stream().anyMatch(Choice::speaks)
                    && choices.values().stream().noneMatch(Choice::calls);
        }
        if (part.path("finish_reason").isTextual()) {
            choice.finish = part.path("finish_reason").textValue();
        }
        part.path("logprobs").properties().forEach(field -> {
            if (field.getValue() instanceof ArrayNode more) {
                choice.logprobs.withArray("/" + field.getKey()).addAll(more);
            }
        });
    }

    /** Whether text has begun, and no tool call. */
    boolean speaks() {
        return speaks;
    }

    /** The whole response; null if it can't be made. */
    @Nullable
    ObjectNode whole() {
        if (broken) {
            return null;
        }
        ObjectNode all = whole.deepCopy().put("object", "chat.completion");
        ArrayNode list = all.putArray("choices");
        choices.forEach((index, choice) -> list.add(choice.json(index)));
        return all;
    }

    private static final class Choice {

        private final Map<String, StringBuilder> texts = new TreeMap<>();
        private final Map<Integer, Call> calls = new TreeMap<>();
        private final ObjectNode logprobs = JsonNodeFactory.instance.objectNode();
        private String role = "assistant";
        private @Nullable String finish;

        /** False for an unknown field. */
        boolean add(String name, JsonNode value) {
            if (name.equals("tool_calls") && value.isArray()) {
                value.forEach(call -> calls.computeIfAbsent(call.path("index").asInt(), index -> new Call())
                        .add(call));
            } else if (name.equals("role") && value.isTextual()) {
                role = value.textValue();
            } else if (value.isTextual()) {
                texts.computeIfAbsent(name, text -> new StringBuilder()).append(value.textValue());
            } else {
                return value.isNull() || (value.isArray() && value.isEmpty());
            }
            return calls.size() <= 128;
        }

        boolean speaks() {
            return texts.values().stream().anyMatch(text -> !text.isEmpty());
        }

        boolean calls() {
            return !calls.isEmpty();
        }

        ObjectNode json(int index) {
            ObjectNode json = JsonNodeFactory.instance.objectNode().put("index", index);
            ObjectNode message = json.putObject("message").put("role", role);
            message.putNull("content").putNull("refusal");
            texts.forEach((name, text) -> message.put(name, text.toString()));
            if (!calls.isEmpty()) {
                ArrayNode list = message.putArray("tool_calls");
                calls.values().forEach(call -> list.add(call.json()));
            }
            if (!logprobs.isEmpty()) {
                json.set("logprobs", logprobs);
            }
            return json.put("finish_reason", finish);
        }
    }

    private static final class Call {

        private final StringBuilder arguments = new StringBuilder();
        private String id = "";
        private String type = "function";
        private String name = "";

        void add(JsonNode part) {
            id = part.path("id").asText(id);
            type = part.path("type").asText(type);
            name = part.path("function").path("name").asText(name);
            arguments.append(part.path("function").path("arguments").asText(""));
        }

        ObjectNode json() {
            ObjectNode json =
                    JsonNodeFactory.instance.objectNode().put("id", id).put("type", type);
            json.putObject("function").put("name", name).put("arguments", arguments.toString());
            return json;
        }
    }
}
