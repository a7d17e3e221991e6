package dev.parley.ingest;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import dev.parley.event.InvalidEventException;
import dev.parley.event.Position;
import dev.parley.event.Utf8;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Decodes the event of a durable stream's entry. Agents write one of three forms: the fields {@code event}, {@code payload} (JSON) and
 * {@code timestamp}; flat fields, which become the payload; or one field {@code data} with the whole event.
 */
final class StreamEntryDecoder {

    private static final JsonFactory JSON = new JsonFactory();

    /** Field names of the event's type, the first one found counts. */
    private static final List<String> TYPE = List.of("event", "event_type", "type");

    private static final String TIMESTAMP = "timestamp";
    private static final String EVENT_ID = "event_id";
    private static final Set<String> ENVELOPE = Set.of(TIMESTAMP, EVENT_ID);

    private StreamEntryDecoder() {}

    /**
     * Decodes an entry. A missing timestamp is taken from the entry's id.
     *
     * @throws InvalidEventException when the entry has no valid event
     */
    static AgentEvent event(StreamEntry entry) {
        Map<String, byte[]> fields = entry.fields();
        byte[] data = fields.get("data");
        if (data != null && fields.size() == 1) {
            return EventCodec.parse(data);
        }
        for (Map.Entry<String, byte[]> field : fields.entrySet()) {
            if (!Utf8.valid(field.getValue())) {
                throw new InvalidEventException("field " + field.getKey() + " is not valid UTF-8");
            }
        }
        String typeField = TYPE.stream()
                .filter(fields::containsKey)
                .findFirst()
                .orElseThrow(() -> new InvalidEventException(
                        "the entry names no event: it needs a field event, or one field data with the whole event"));
        byte[] payload = fields.get("payload");
        return EventCodec.assemble(
                text(fields, typeField, ""),
                fields.containsKey(EVENT_ID) ? text(fields, EVENT_ID, "") : null,
                text(fields, TIMESTAMP, time(entry.id())),
                payload != null ? payload : flat(fields, typeField),
                null);
    }

    private static byte[] flat(Map<String, byte[]> fields, String typeField) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(out)) {
            json.writeStartObject();
            for (Map.Entry<String, byte[]> field : fields.entrySet()) {
                if (!field.getKey().equals(typeField) && !ENVELOPE.contains(field.getKey())) {
                    json.writeStringField(field.getKey(), new String(field.getValue(), StandardCharsets.UTF_8));
                }
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static String text(Map<String, byte[]> fields, String name, String otherwise) {
        byte[] value = fields.get(name);
        return value == null ? otherwise : new String(value, StandardCharsets.UTF_8);
    }

    private static String time(String id) {
        Position at = Position.parse(id);
        return (at == null ? Instant.EPOCH : Instant.ofEpochMilli(at.millis())).toString();
    }
}
