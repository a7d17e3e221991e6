package dev.parley.log;

import dev.parley.redis.Script;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/**
 * Turns what Redis keeps of a conversation into a snapshot's JSON. Texts and contents are kept as JSON already, so nothing is
 * decoded or encoded again.
 */
final class SnapshotJson {

    private SnapshotJson() {}

    static String session(List<Object> hash) {
        return new SessionState(SessionMessage.pairs(hash), Map.of()).snapshotJson();
    }

    /** Redis gives the newest first; a snapshot has the oldest first. */
    static String messages(List<Object> newestFirst) {
        StringJoiner json = new StringJoiner(",", "[", "]");
        for (int i = newestFirst.size() - 1; i >= 0; i--) {
            json.add(SessionMessage.of(Script.list(newestFirst.get(i))).json());
        }
        return json.toString();
    }

    /** The runs hash has {@code r <run>} for a run, {@code t <run> <call>} for its tools, {@code x <run>} when its text is cut. */
    static List<String> runs(List<Object> hash, List<Object> textsByRun) {
        Map<String, String> fields = SessionMessage.pairs(hash);
        Map<String, String> texts = SessionMessage.pairs(textsByRun);
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
}
