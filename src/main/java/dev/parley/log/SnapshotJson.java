package dev.parley.log;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.parley.redis.Script;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/**
 * Turns what Redis keeps of a conversation into a snapshot's JSON. Texts and contents are kept as JSON already, so nothing is
 * decoded or encoded again.
 */
final class SnapshotJson {

    private static final List<String> COUNTS = List.of("turn_count", "message_count", "token_count");
    private static final List<String> TIMES = List.of("started_at", "last_activity");

    private SnapshotJson() {}

    static String session(List<Object> hash) {
        Map<String, String> fields = map(hash);
        if (fields.isEmpty()) {
            return "null";
        }
        StringJoiner json = new StringJoiner(",", "{", "}");
        for (String name : List.of("tenant_id", "current_agent", "status")) {
            json.add("\"" + name + "\":" + quoted(fields.getOrDefault(name, "")));
        }
        for (String name : COUNTS) {
            json.add("\"" + name + "\":" + number(fields.getOrDefault(name, "0")));
        }
        for (String name : TIMES) {
            json.add("\"" + name + "\":\"" + time(fields.getOrDefault(name, "0")) + "\"");
        }
        return json.toString();
    }

    /** Redis gives the newest first; a snapshot has the oldest first. */
    static String messages(List<Object> newestFirst) {
        StringJoiner json = new StringJoiner(",", "[", "]");
        for (int i = newestFirst.size() - 1; i >= 0; i--) {
            json.add(message(Script.list(newestFirst.get(i))));
        }
        return json.toString();
    }

    private static String message(List<Object> entry) {
        String id = Script.text(entry.get(0));
        Map<String, String> fields = map(Script.list(entry.get(1)));
        StringBuilder json = new StringBuilder("{\"seq\":")
                .append(number(id.substring(0, id.indexOf('-'))))
                .append(",\"role\":")
                .append(quoted(fields.getOrDefault("role", "")))
                .append(",\"content\":")
                .append(fields.getOrDefault("content", "\"\""));
        for (String name : List.of("agent", "message_id")) {
            String value = fields.getOrDefault(name, "");
            if (!value.isEmpty()) {
                json.append(",\"").append(name).append("\":").append(quoted(value));
            }
        }
        for (String flag : List.of("failed", "truncated")) {
            if (fields.containsKey(flag)) {
                json.append(",\"").append(flag).append("\":true");
            }
        }
        return json.append(",\"at\":\"")
                .append(time(fields.getOrDefault("at", "0")))
                .append("\"}")
                .toString();
    }

    /** The runs hash has {@code r <run>} for a run, {@code t <run> <call>} for its tools, {@code x <run>} when its text is cut. */
    static List<String> runs(List<Object> hash, List<Object> textsByRun) {
        Map<String, String> fields = map(hash);
        Map<String, String> texts = map(textsByRun);
        List<String> runs = new ArrayList<>();
        fields.forEach((field, value) -> {
            if (field.startsWith("r ")) {
                String run = field.substring(2);
                runs.add(run(run, value, texts.getOrDefault(run, ""), fields));
            }
        });
        return runs;
    }

    private static String run(String run, String value, String text, Map<String, String> fields) {
        StringJoiner tools = new StringJoiner(",", "[", "]");
        fields.forEach((field, tool) -> {
            if (field.startsWith("t " + run + " ")) {
                tools.add(tool);
            }
        });
        String named = run.startsWith("~") ? "" : ",\"run\":\"" + run + "\"";
        String cut = fields.containsKey("x " + run) ? ",\"truncated\":true" : "";
        return value.substring(0, value.length() - 1) + named + cut + ",\"text\":\"" + text + "\",\"tools\":" + tools
                + "}";
    }

    private static Map<String, String> map(List<Object> pairs) {
        Map<String, String> map = new LinkedHashMap<>();
        for (int i = 0; i + 1 < pairs.size(); i += 2) {
            map.put(Script.text(pairs.get(i)), Script.text(pairs.get(i + 1)));
        }
        return map;
    }

    private static String quoted(String value) {
        return "\"" + new String(JsonStringEncoder.getInstance().quoteAsString(value)) + "\"";
    }

    private static String number(String value) {
        return value.matches("-?\\d{1,18}") ? value : "0";
    }

    private static String time(String millis) {
        return Instant.ofEpochMilli(Long.parseLong(number(millis))).toString();
    }
}
