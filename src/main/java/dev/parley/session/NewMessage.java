package dev.parley.session;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A message to be appended. Ids are valid.
 *
 * @param role {@code user}, {@code assistant}, {@code system} or {@code tool}
 * @param content JSON: a string or an array of parts
 * @param tokens as the caller counted them, 0 if it did not
 * @param name of the speaker, or of the tool
 * @param toolCalls a JSON array, of an assistant's message
 * @param toolCallId of a tool's result
 * @param pinned whether windows begin with it
 */
public record NewMessage(
        String role,
        String content,
        long tokens,
        @Nullable String agent,
        @Nullable String messageId,
        @Nullable String name,
        @Nullable String toolCalls,
        @Nullable String toolCallId,
        boolean pinned) {

    /** The fields as they are stored, see {@link dev.parley.store.SessionMessage}; without the time. */
    List<String> fields(String change) {
        List<String> fields = new ArrayList<>(List.of("role", role, "content", content, "change", change));
        add(fields, "agent", agent);
        add(fields, "message_id", messageId == null ? change : messageId);
        add(fields, "name", name);
        add(fields, "tool_calls", toolCalls);
        add(fields, "tool_call_id", toolCallId);
        add(fields, "tokens", tokens > 0 ? Long.toString(tokens) : null);
        add(fields, "pinned", pinned ? "1" : null);
        return fields;
    }

    private static void add(List<String> fields, String name, @Nullable String value) {
        if (value != null) {
            fields.add(name);
            fields.add(value);
        }
    }
}
