package dev.parley.session;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.event.AgentEvent;
import dev.parley.event.Kind;
import dev.parley.store.SessionMessage;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A change of a session: its event, and the arguments of {@code session-change.lua}.
 *
 * @param event has the change's id
 */
record SessionCommand(AgentEvent event, byte[] script) {

    private static final JsonMapper JSON = new JsonMapper();
    private static final String SEQ = "\"seq\":";

    /** The initial state of a session; ids are valid, the context's values are JSON. */
    record Beginning(
            @Nullable String agent,
            Map<String, String> context,
            @Nullable Fork fork) {}

    /** The origin of a fork: the messages of another session that it begins with, and the number of earlier ones. */
    record Fork(
            String conversation, long generation, long seq, List<SessionMessage> messages, Map<String, String> state) {}

    static SessionCommand create(String conversation, String tenant, Beginning beginning, String id) {
        Fork fork = beginning.fork();
        ObjectNode script = JSON.createObjectNode().put("op", "create");
        if (beginning.agent() != null) {
            script.put("agent", beginning.agent());
        }
        ArrayNode context = script.putArray("context");
        beginning
                .context()
                .forEach((name, value) -> context.addArray().add(name).add("").add(value));
        if (fork != null) {
            ArrayNode messages = script.putArray("messages");
            fork.messages()
                    .forEach(message ->
                            pairs(messages.addArray().add(message.seq()).addArray(), message.fields()));
            pairs(script.putArray("state"), fork.state());
        }
        byte[] event = EventWriter.write("session.created", id, payload -> {
            payload.writeStringField("conversation_id", conversation);
            payload.writeStringField("tenant_id", tenant);
            EventWriter.optional(payload, "current_agent", beginning.agent());
            if (fork != null) {
                payload.writeStringField("forked_from", fork.conversation());
                payload.writeNumberField("forked_seq", fork.seq());
            }
        });
        return new SessionCommand(
                event("session.created", Kind.SESSION_CREATED, conversation, id, null, event), bytes(script));
    }

    private static void pairs(ArrayNode array, Map<String, String> fields) {
        fields.forEach((name, value) -> array.add(name).add(value));
    }

    static SessionCommand append(String conversation, NewMessage message, @Nullable Long expected, String id) {
        byte[] event = EventWriter.write("session.message", id, payload -> {
            payload.writeStringField("conversation_id", conversation);
            payload.writeFieldName("seq");
            // The script inserts the number here.
            payload.writeRawValue("");
            payload.writeStringField("role", message.role());
            payload.writeFieldName("content");
            payload.writeRawValue(message.content());
            EventWriter.optional(payload, "agent", message.agent());
            EventWriter.optional(payload, "message_id", message.messageId());
            EventWriter.optional(payload, "name", message.name());
            EventWriter.optional(payload, "tool_call_id", message.toolCallId());
            if (message.toolCalls() != null) {
                payload.writeFieldName("tool_calls");
                payload.writeRawValue(message.toolCalls());
            }
            if (message.tokens() > 0) {
                payload.writeNumberField("tokens", message.tokens());
            }
        });
        ObjectNode script = JSON.createObjectNode().put("op", "append");
        script.put("seq_at", new String(event, StandardCharsets.ISO_8859_1).indexOf(SEQ) + SEQ.length());
        ArrayNode fields = script.putArray("fields");
        message.fields(id).forEach(fields::add);
        if (expected != null) {
            script.put("expected", expected);
        }
        script.put("tokens", message.tokens());
        script.put("pinned", message.pinned());
        script.put("turn", message.role().equals("user"));
        return new SessionCommand(
                event("session.message", Kind.SESSION_CHANGED, conversation, id, null, event), bytes(script));
    }

    /**
     * @param patches JSON merge patches, by the context's names
     * @param before the present values of these names, empty for none
     * @param after their new values
     */
    static SessionCommand update(
            String conversation,
            Map<String, String> patches,
            Map<String, String> before,
            Map<String, String> after,
            String id) {
        ObjectNode script = JSON.createObjectNode().put("op", "update");
        ArrayNode context = script.putArray("context");
        after.forEach((name, value) ->
                context.addArray().add(name).add(before.getOrDefault(name, "")).add(value));
        byte[] event = EventWriter.write("session.updated", id, payload -> {
            payload.writeStringField("conversation_id", conversation);
            payload.writeObjectFieldStart("context");
            for (Map.Entry<String, String> patch : patches.entrySet()) {
                payload.writeFieldName(patch.getKey());
                payload.writeRawValue(patch.getValue());
            }
            payload.writeEndObject();
        });
        return new SessionCommand(
                event("session.updated", Kind.SESSION_CHANGED, conversation, id, null, event), bytes(script));
    }

    static SessionCommand handOff(String conversation, String to, @Nullable String reason, String id) {
        byte[] event = EventWriter.write("agent.handoff.completed", id, payload -> {
            payload.writeStringField("conversation_id", conversation);
            payload.writeStringField("to", to);
            EventWriter.optional(payload, "reason", reason);
        });
        return new SessionCommand(
                event("agent.handoff.completed", Kind.HANDOFF, conversation, id, to, event), op("handoff", null));
    }

    static SessionCommand complete(String conversation, @Nullable Long expected, String id) {
        return end("session.completed", "complete", conversation, expected, id);
    }

    static SessionCommand delete(String conversation, String id) {
        return end("session.deleted", "delete", conversation, null, id);
    }

    private static SessionCommand end(String type, String op, String conversation, @Nullable Long expected, String id) {
        byte[] event =
                EventWriter.write(type, id, payload -> payload.writeStringField("conversation_id", conversation));
        return new SessionCommand(event(type, Kind.SESSION_CHANGED, conversation, id, null, event), op(op, expected));
    }

    private static byte[] op(String name, @Nullable Long expected) {
        ObjectNode script = JSON.createObjectNode().put("op", name);
        if (expected != null) {
            script.put("expected", expected);
        }
        return bytes(script);
    }

    private static AgentEvent event(
            String type, Kind kind, String conversation, String id, @Nullable String to, byte[] bytes) {
        return new AgentEvent(type, kind, conversation, id, null, null, null, null, null, null, to, 0, bytes);
    }

    private static byte[] bytes(ObjectNode script) {
        try {
            return JSON.writeValueAsBytes(script);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of strings and numbers can't be written", e);
        }
    }
}
