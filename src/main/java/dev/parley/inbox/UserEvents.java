package dev.parley.inbox;

import dev.parley.event.AgentEvent;
import dev.parley.event.Kind;
import dev.parley.session.EventWriter;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The events that the gateway itself makes of what people do. */
public final class UserEvents {

    static final String MESSAGE = "user.message";
    static final String CANCEL = "user.cancel";

    private UserEvents() {}

    /** @param answered whether no agent is to get it */
    public static AgentEvent message(
            UserMessage message, String tenant, String subject, String messageId, boolean answered) {
        byte[] bytes = EventWriter.write(MESSAGE, messageId, payload -> {
            payload.writeStringField("conversation_id", message.conversation());
            payload.writeStringField("message_id", messageId);
            payload.writeFieldName("content");
            payload.writeRawValue(message.content().json());
            byte[] metadata = message.metadata();
            if (metadata != null) {
                payload.writeFieldName("metadata");
                payload.writeRawValue(new String(metadata, StandardCharsets.UTF_8));
            }
            payload.writeStringField("user", subject);
            payload.writeStringField("tenant_id", tenant);
        });
        byte[] text = message.content().json().getBytes(StandardCharsets.UTF_8);
        return event(
                MESSAGE,
                answered ? Kind.ANSWERED_MESSAGE : Kind.USER_MESSAGE,
                message.conversation(),
                messageId,
                null,
                text,
                bytes);
    }

    static AgentEvent cancel(UserCancel cancel, String tenant, String subject, String messageId) {
        byte[] bytes = EventWriter.write(CANCEL, messageId, payload -> {
            payload.writeStringField("conversation_id", cancel.conversation());
            payload.writeStringField("message_id", messageId);
            EventWriter.optional(payload, "run", cancel.run());
            EventWriter.optional(payload, "reason", cancel.reason());
            payload.writeStringField("user", subject);
            payload.writeStringField("tenant_id", tenant);
        });
        return event(CANCEL, Kind.CANCEL, cancel.conversation(), messageId, cancel.run(), null, bytes);
    }

    private static AgentEvent event(
            String type,
            Kind kind,
            String conversation,
            String messageId,
            @Nullable String run,
            byte @Nullable [] text,
            byte[] bytes) {
        return new AgentEvent(
                type, kind, conversation, messageId, run, null, messageId, text, null, null, null, 0, bytes);
    }
}
