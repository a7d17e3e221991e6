package dev.parley.audit;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.parley.redis.Script;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A stored entry.
 *
 * @param seq its number in the trail, from 1
 * @param prev the MAC of the entry before it, empty for the first one
 */
public record AuditEntry(
        long seq,
        String conversation,
        String tenant,
        String agent,
        String action,
        String details,
        String timestamp,
        String id,
        String prev,
        String mac) {

    static AuditEntry of(UnsealedEntry draft, long seq, String prev, String mac) {
        return new AuditEntry(
                seq,
                draft.conversation(),
                draft.access().tenant(),
                draft.agent(),
                draft.action(),
                draft.details(),
                draft.timestamp(),
                draft.id(),
                prev,
                mac);
    }

    /** The fields of the stream's entry, names and values in turn. */
    List<String> fields() {
        return List.of(
                "conversation_id",
                conversation,
                "tenant_id",
                tenant,
                "agent",
                agent,
                "action",
                action,
                "details",
                details,
                "timestamp",
                timestamp,
                "id",
                id,
                "prev",
                prev,
                "mac",
                mac);
    }

    /** The fields of the feed's entry, in the original Python format. */
    Map<String, byte[]> feed() {
        return Map.of(
                "conversation_id",
                Script.bytes(conversation),
                "agent",
                Script.bytes(agent),
                "action",
                Script.bytes(action),
                "details",
                Script.bytes(details),
                "timestamp",
                Script.bytes(timestamp));
    }

    /** The form that clients receive. */
    public String json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("seq", seq)
                .put("conversation_id", conversation)
                .put("tenant_id", tenant)
                .put("agent", agent)
                .put("action", action)
                .putRawValue("details", new RawValue(StorableText.details(details)));
        json.put("timestamp", timestamp).put("id", id).put("prev", prev).put("mac", mac);
        return json.toString();
    }

    /** Reads an entry of the stream; removed fields are empty. */
    static AuditEntry read(Object reply) {
        List<Object> entry = Script.list(reply);
        String id = Script.text(entry.get(0));
        List<Object> fields = Script.list(entry.get(1));
        Map<String, String> named = new HashMap<>();
        for (int i = 0; i + 1 < fields.size(); i += 2) {
            named.put(Script.text(fields.get(i)), Script.text(fields.get(i + 1)));
        }
        return new AuditEntry(
                Long.parseLong(id.substring(0, id.indexOf('-'))),
                named.getOrDefault("conversation_id", ""),
                named.getOrDefault("tenant_id", ""),
                named.getOrDefault("agent", ""),
                named.getOrDefault("action", ""),
                named.getOrDefault("details", ""),
                named.getOrDefault("timestamp", ""),
                named.getOrDefault("id", ""),
                named.getOrDefault("prev", ""),
                named.getOrDefault("mac", ""));
    }
}
