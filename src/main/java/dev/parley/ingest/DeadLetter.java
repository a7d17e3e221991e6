package dev.parley.ingest;

import dev.parley.redis.Script;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An entry of a durable stream that neither the log nor the rules of an event accept.
 *
 * @param id its id among the dead letters
 * @param sourceId its id in the stream
 * @param reason why it was rejected
 * @param at when, RFC 3339
 * @param fields the entry's own fields
 */
public record DeadLetter(String id, String sourceId, String reason, String at, Map<String, byte[]> fields) {

    private static final String REASON = "dead_reason";
    private static final String SOURCE_ID = "dead_source_id";
    private static final String AT = "dead_at";

    /** Reads an entry of the dead letters. What is missing is empty. */
    static DeadLetter of(StreamEntry entry) {
        Map<String, byte[]> fields = new LinkedHashMap<>(entry.fields());
        return new DeadLetter(
                entry.id(),
                text(fields.remove(SOURCE_ID)),
                text(fields.remove(REASON)),
                text(fields.remove(AT)),
                fields);
    }

    /** The fields of a new dead letter. */
    static Map<String, byte[]> fields(StreamEntry entry, String reason, String at) {
        Map<String, byte[]> fields = new LinkedHashMap<>(entry.fields());
        fields.put(REASON, Script.bytes(reason));
        fields.put(SOURCE_ID, Script.bytes(entry.id()));
        fields.put(AT, Script.bytes(at));
        return fields;
    }

    private static String text(byte @Nullable [] value) {
        return value == null ? "" : Script.text(value);
    }
}
