package dev.parley.audit;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/** The details of the gateway's own entries. */
final class Json {

    private Json() {}

    static String object(Map<String, String> fields) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        fields.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(field -> node.put(field.getKey(), field.getValue()));
        return node.toString();
    }
}
