package dev.parley.session;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.parley.event.AgentEvent;
import dev.parley.frame.ErrorCode;
import dev.parley.frame.Refusal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/** Writes the gateway's own events. */
final class EventWriter {

    private static final JsonFactory JSON = new JsonFactory();

    private EventWriter() {}

    /** The members of an event's payload. */
    interface Payload {
        void write(JsonGenerator payload) throws IOException;
    }

    /** Throws a {@link Refusal} with {@code too_large} when it has more bytes than an event may. */
    static byte[] write(String type, String id, Payload payload) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(512);
        try (JsonGenerator json = JSON.createGenerator(out)) {
            json.writeStartObject();
            json.writeStringField("event", type);
            json.writeStringField("event_id", id);
            json.writeObjectFieldStart("payload");
            payload.write(json);
            json.writeEndObject();
            json.writeStringField(
                    "timestamp", Instant.now().truncatedTo(ChronoUnit.MILLIS).toString());
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (out.size() > AgentEvent.MAX_BYTES) {
            throw Refusal.of(
                    ErrorCode.TOO_LARGE,
                    type + " has " + out.size() + " bytes; at most " + AgentEvent.MAX_BYTES + " are taken");
        }
        return out.toByteArray();
    }

    static void optional(JsonGenerator payload, String name, @Nullable String value) throws IOException {
        if (value != null) {
            payload.writeStringField(name, value);
        }
    }
}
