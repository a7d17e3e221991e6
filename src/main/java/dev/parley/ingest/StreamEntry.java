package dev.parley.ingest;

import io.lettuce.core.StreamMessage;
import java.util.Map;

/**
 * An entry of a durable stream.
 *
 * @param id {@code <milliseconds>-<sequence>}
 */
record StreamEntry(String id, Map<String, byte[]> fields) {

    static StreamEntry of(StreamMessage<String, byte[]> message) {
        return new StreamEntry(message.getId(), message.getBody());
    }

    /** Size of all values. */
    int bytes() {
        return fields.values().stream().mapToInt(value -> value.length).sum();
    }
}
