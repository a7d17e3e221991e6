package dev.parley.session;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.AgentEvent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/** Writes the gateway's own events. */
public final class EventWriter {

    private static final JsonFactory JSON = new JsonFactory();

    private EventWriter() {}

    /** Writes the members of an event's payload. */
    public interface Payload {
        void write(JsonGenerator payload) throws IOException;
    }

    /** Throws a {@link ParleyException} with {@code too_large} when the event has more bytes than allowed. */
    public static byte[] write(String type, String id, Payload payload) {
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
            throw ParleyException.of(
                    ErrorCode.TOO_LARGE,
                    type + " has " + out.size() + " bytes; at most " + AgentEvent.MAX_BYTES + " are accepted");
        }
        return out.toByteArray();
    }

    public static void optional(JsonGenerator payload, String name, @Nullable String value) throws IOException {
        if (value != null) {
            payload.writeStringField(name, value);
        }
    }
}
