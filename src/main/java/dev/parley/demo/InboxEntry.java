package dev.parley.demo;

import io.lettuce.core.StreamMessage;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An entry of an agent's inbox.
 *
 * @param id the entry's, to be acknowledged
 * @param isCancel whether it asks to stop an answer; else it is a message to be answered
 * @param conversation empty when the entry does not say
 * @param messageId of the person's message
 * @param content what they wrote
 * @param position of the message or cancel in the conversation's log
 * @param run the run to stop; null for all of them
 */
record InboxEntry(
        String id,
        boolean isCancel,
        String conversation,
        String messageId,
        String content,
        String position,
        @Nullable String run) {

    /** A pending entry that has been trimmed since has no fields, and so no conversation. */
    static InboxEntry of(StreamMessage<String, String> entry) {
        @Nullable Map<String, String> body = entry.getBody();
        Map<String, String> fields = body == null ? Map.of() : body;
        return new InboxEntry(
                entry.getId(),
                fields.getOrDefault("type", "").equals("cancel"),
                fields.getOrDefault("conversation_id", ""),
                fields.getOrDefault("message_id", ""),
                fields.getOrDefault("content", ""),
                fields.getOrDefault("position", "0-0"),
                fields.get("run"));
    }

    /** Whether it was written before the other one, which is of the same conversation. */
    boolean isBefore(InboxEntry other) {
        String[] one = position.split("-", 2);
        String[] two = other.position.split("-", 2);
        int millis = Long.compare(Long.parseLong(one[0]), Long.parseLong(two[0]));
        return millis < 0 || (millis == 0 && Long.parseLong(one[1]) < Long.parseLong(two[1]));
    }
}
