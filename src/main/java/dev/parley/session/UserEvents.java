package dev.parley.session;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.parley.event.AgentEvent;
import dev.parley.event.Kind;
import dev.parley.frame.ErrorCode;
import dev.parley.frame.Refusal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/** The events that the gateway itself makes of what people do. */
final class UserEvents {

    static final String MESSAGE = "user.message";
    static final String CANCEL = "user.cancel";

    private static final JsonFactory JSON = new JsonFactory();

    private UserEvents() {}

    static AgentEvent message(Inbound.Message message, String tenant, String subject, String messageId) {
        byte[] bytes = write(MESSAGE, messageId, payload -> {
            payload.writeStringField("conversation_id", message.conversation());
            payload.writeStringField("message_id", messageId);
            payload.writeStringField("content", message.content());
            byte[] metadata = message.metadata();
            if (metadata != null) {
                payload.writeFieldName("metadata");
                payload.writeRawValue(new String(metadata, StandardCharsets.UTF_8));
            }
            payload.writeStringField("user", subject);
            payload.writeStringField("tenant_id", tenant);
        });
        byte[] text = JsonStringEncoder.getInstance().quoteAsUTF8(message.content());
        return event(MESSAGE, Kind.USER_MESSAGE, message.conversation(), messageId, null, text, bytes);
    }

    static AgentEvent cancel(Inbound.Cancel cancel, String tenant, String subject, String messageId) {
        byte[] bytes = write(CANCEL, messageId, payload -> {
            payload.writeStringField("conversation_id", cancel.conversation());
            payload.writeStringField("message_id", messageId);
            optional(payload, "run", cancel.run());
            optional(payload, "reason", cancel.reason());
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
        if (bytes.length > AgentEvent.MAX_BYTES) {
            throw Refusal.of(
                    ErrorCode.TOO_LARGE,
                    type + " has " + bytes.length + " bytes; at most " + AgentEvent.MAX_BYTES + " are taken");
        }
        return new AgentEvent(
                type, kind, conversation, messageId, run, null, messageId, text, null, null, null, 0, bytes);
    }

    private static void optional(JsonGenerator payload, String name, @Nullable String value) throws IOException {
        if (value != null) {
            payload.writeStringField(name, value);
        }
    }

    private interface Payload {
        void write(JsonGenerator payload) throws IOException;
    }

    private static byte[] write(String type, String messageId, Payload payload) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(512);
        try (JsonGenerator json = JSON.createGenerator(out)) {
            json.writeStartObject();
            json.writeStringField("event", type);
            json.writeStringField("event_id", messageId);
            json.writeObjectFieldStart("payload");
            payload.write(json);
            json.writeEndObject();
            json.writeStringField(
                    "timestamp", Instant.now().truncatedTo(ChronoUnit.MILLIS).toString());
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
