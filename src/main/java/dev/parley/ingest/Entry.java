package dev.parley.ingest;

import io.lettuce.core.StreamMessage;
import java.util.Map;

/** An entry of a durable stream. */
record Entry(String id, Map<String, byte[]> fields) {

    static Entry of(StreamMessage<String, byte[]> message) {
        return new Entry(message.getId(), message.getBody());
    }

    int bytes() {
        return fields.values().stream().mapToInt(value -> value.length).sum();
    }
}
