package dev.parley.store;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.parley.redis.Script;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A message of a session as it is stored; its content is not decoded.
 *
 * @param seq its number in the session, from 1
 * @param fields {@code role}, {@code content} (JSON: a string or an array of parts), {@code at} (ms), and where they apply {@code agent},
 *     {@code message_id}, {@code tokens}, {@code name}, {@code tool_call_id}, {@code tool_calls} (a JSON array), {@code pinned}, {@code
 *     failed}, {@code truncated}, {@code change} (the id under which it was appended)
 */
public record SessionMessage(long seq, Map<String, String> fields) {

    private static final List<String> TEXTS = List.of("agent", "message_id", "name", "tool_call_id");
    private static final List<String> RAW = List.of("tool_calls", "tokens");
    private static final List<String> FLAGS = List.of("pinned", "failed", "truncated");

    public SessionMessage {
        fields = Map.copyOf(fields);
    }

    /** Reads an entry of the stream of messages. */
    public static SessionMessage of(List<Object> entry) {
        String id = Script.text(entry.get(0));
        return new SessionMessage(Long.parseLong(id.substring(0, id.indexOf('-'))), pairs(Script.list(entry.get(1))));
    }

    /** Names and values in turn, as Redis has them. */
    public static Map<String, String> pairs(List<Object> pairs) {
        Map<String, String> map = new LinkedHashMap<>();
        for (int i = 0; i + 1 < pairs.size(); i += 2) {
            map.put(Script.text(pairs.get(i)), Script.text(pairs.get(i + 1)));
        }
        return map;
    }

    public String role() {
        return fields.getOrDefault("role", "");
    }

    /** The number of tokens as its author counted them; 0 if unknown. */
    public long tokens() {
        return number(fields.getOrDefault("tokens", "0"));
    }

    public @Nullable String field(String name) {
        return fields.get(name);
    }

    /** The message as clients and agents receive it. */
    public String json() {
        StringBuilder json = new StringBuilder("{\"seq\":")
                .append(seq)
                .append(",\"role\":")
                .append(quoted(role()))
                .append(",\"content\":")
                .append(fields.getOrDefault("content", "\"\""));
        for (String name : TEXTS) {
            String value = fields.getOrDefault(name, "");
            if (!value.isEmpty()) {
                json.append(",\"").append(name).append("\":").append(quoted(value));
            }
        }
        for (String name : RAW) {
            if (fields.containsKey(name)) {
                json.append(",\"").append(name).append("\":").append(fields.get(name));
            }
        }
        for (String flag : FLAGS) {
            if (fields.containsKey(flag)) {
                json.append(",\"").append(flag).append("\":true");
            }
        }
        return json.append(",\"at\":\"")
                .append(time(fields.getOrDefault("at", "0")))
                .append("\"}")
                .toString();
    }

    static String quoted(String value) {
        return "\"" + new String(JsonStringEncoder.getInstance().quoteAsString(value)) + "\"";
    }

    static String time(String millis) {
        return Instant.ofEpochMilli(number(millis)).toString();
    }

    /** 0 for invalid numbers: other programs may have written under these keys. */
    static long number(String text) {
        return text.matches("-?\\d{1,18}") ? Long.parseLong(text) : 0;
    }
}
