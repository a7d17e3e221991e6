package dev.parley.store;

import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/**
 * A session without its messages.
 *
 * @param fields as {@code append.lua} stores them; empty without a session
 * @param context name to JSON
 */
public record SessionState(Map<String, String> fields, Map<String, String> context) {

    private static final List<String> TEXTS = List.of("tenant_id", "current_agent", "status");
    private static final List<String> COUNTS = List.of("turn_count", "message_count", "token_count");
    private static final List<String> TIMES = List.of("started_at", "last_activity");

    public SessionState {
        fields = Map.copyOf(fields);
        context = Map.copyOf(context);
    }

    public boolean exists() {
        return !fields.isEmpty();
    }

    public String text(String name) {
        return fields.getOrDefault(name, "");
    }

    /** 0 when there is none. */
    public long number(String name) {
        return SessionMessage.number(fields.getOrDefault(name, "0"));
    }

    public String status() {
        return text("status");
    }

    /** The public parts, as members of a JSON object; without the context. */
    String members() {
        StringJoiner json = new StringJoiner(",");
        for (String name : TEXTS) {
            json.add("\"" + name + "\":" + SessionMessage.quoted(text(name)));
        }
        for (String name : COUNTS) {
            json.add("\"" + name + "\":" + number(name));
        }
        for (String name : TIMES) {
            json.add("\"" + name + "\":\"" + SessionMessage.time(fields.getOrDefault(name, "0")) + "\"");
        }
        return json.toString();
    }

    /** The form in a snapshot, {@code null} without a session. */
    public String snapshotJson() {
        return exists() ? "{" + members() + "}" : "null";
    }

    /**
     * The whole session.
     *
     * @param source where it was read: {@code live} or {@code archive}
     */
    public String json(String conversation, String source) {
        StringJoiner names = new StringJoiner(",", "{", "}");
        context.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(one -> names.add(SessionMessage.quoted(one.getKey()) + ":" + one.getValue()));
        String forked = text("forked_from");
        return "{\"conversation\":\"" + conversation + "\"," + members() + ",\"generation\":" + number("generation")
                + (forked.isEmpty() ? "" : ",\"forked_from\":\"" + forked + "\",\"forked_seq\":" + number("forked_seq"))
                + ",\"context\":" + names + ",\"source\":\"" + source + "\"}";
    }
}
