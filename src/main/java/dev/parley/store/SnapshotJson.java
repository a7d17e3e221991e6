package dev.parley.store;

import dev.parley.event.Position;
import dev.parley.redis.Script;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/**
 * Turns a conversation's data in Redis into the JSON of a snapshot. Texts and contents are stored as JSON, so nothing is decoded or encoded
 * again.
 */
final class SnapshotJson {

    private static final String POSITION = "\"position\":\"";

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

    /**
     * Reads the runs hash: {@code r <run>\n<agent>} is a run, {@code t <run>\n<agent>\n<call>} one of its tools, {@code x <run>\n<agent>} a
     * mark that its text is cut, {@code h <run>\n} the agent that it was handed to and each agent that did, a line each. A hash has no
     * order: runs are returned in the order in which they began.
     */
    static List<String> runs(List<Object> hash, List<Object> textsByRun) {
        Map<String, String> fields = SessionMessage.pairs(hash);
        Map<String, String> texts = SessionMessage.pairs(textsByRun);
        return fields.entrySet().stream()
                .filter(field ->
                        field.getKey().startsWith("r ") && field.getKey().indexOf('\n') >= 0)
                .sorted(Comparator.comparing(field -> begun(field.getValue())))
                .map(field -> {
                    String run = field.getKey().substring(2);
                    return run(run, field.getValue(), texts.getOrDefault(run, ""), fields);
                })
                .toList();
    }

    /** The position of a run's first event, with which its JSON ends. */
    private static Position begun(String run) {
        int from = run.lastIndexOf(POSITION) + POSITION.length();
        Position position = from < POSITION.length() ? null : Position.parse(run.substring(from, run.length() - 2));
        return position == null ? Position.ZERO : position;
    }

    private static String run(String run, String value, String text, Map<String, String> fields) {
        StringJoiner tools = new StringJoiner(",", "[", "]");
        fields.forEach((field, tool) -> {
            if (field.startsWith("t " + run + "\n")) {
                tools.add(tool);
            }
        });
        String name = run.substring(0, run.indexOf('\n'));
        String named = name.isEmpty() ? "" : ",\"run\":\"" + name + "\"";
        String cut = fields.containsKey("x " + run) ? ",\"truncated\":true" : "";
        return value.substring(0, value.length() - 1) + named + cut + handedTo(name, run, fields) + ",\"text\":\""
                + text + "\",\"tools\":" + tools + "}";
    }

    private static String handedTo(String name, String run, Map<String, String> fields) {
        List<String> agents =
                fields.getOrDefault("h " + name + "\n", "").lines().toList();
        String agent = run.substring(name.length() + 1);
        boolean handedOver = agents.lastIndexOf(agent) > 0 && !agents.get(0).equals(agent);
        return handedOver ? ",\"handed_to\":\"" + agents.get(0) + "\"" : "";
    }
}
