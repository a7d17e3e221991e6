package dev.parley.redis;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lettuce.core.Range;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/** What the tests' Redis has of a conversation, as DESIGN.md lays it out. */
public final class Kept {

    private static final ObjectMapper JSON = new ObjectMapper();

    private Kept() {}

    /** An entry of a log. */
    public record Entry(String position, String text) {

        public JsonNode event() {
            return json(text);
        }
    }

    /** The log, oldest first. */
    public static List<Entry> log(String conversation) {
        return TestRedis.commands().xrange("events:conv:{" + conversation + "}", Range.unbounded()).stream()
                .map(entry -> new Entry(
                        entry.getId(), Objects.requireNonNull(entry.getBody().get("e"))))
                .toList();
    }

    public static List<JsonNode> events(String conversation) {
        return log(conversation).stream().map(Entry::event).toList();
    }

    /** The session's messages, oldest first. */
    public static List<Map<String, String>> messages(String conversation) {
        return TestRedis.commands().xrange("messages:conv:{" + conversation + "}", Range.unbounded()).stream()
                .map(entry -> entry.getBody())
                .toList();
    }

    /** What an agent's inbox has of a conversation, oldest first. */
    public static List<Map<String, String>> inbox(String agent, String conversation) {
        return TestRedis.commands().xrange("agent:inbox:" + agent, Range.unbounded()).stream()
                .map(entry -> entry.getBody())
                .filter(entry -> conversation.equals(entry.get("conversation_id")))
                .toList();
    }

    /** The marks of messages that may not have reached their inbox, by message id. */
    public static Map<String, String> marks(String conversation) {
        return TestRedis.commands().hgetall("meta:conv:{" + conversation + "}").entrySet().stream()
                .filter(field -> field.getKey().startsWith("inbox "))
                .collect(Collectors.toUnmodifiableMap(
                        field -> field.getKey().substring("inbox ".length()), Map.Entry::getValue));
    }

    public static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new AssertionError("no JSON: " + text, e);
        }
    }
}
