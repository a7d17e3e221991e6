package dev.parley.session;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.support.ExactNumbers;
import java.util.LinkedHashMap;
import java.util.Map;

/** JSON trees of stored values; numbers are written as they were read. */
final class ExactJson {

    private static final JsonMapper JSON = ExactNumbers.kept();

    private ExactJson() {}

    static JsonNode read(String json) {
        try {
            return JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("what was kept is no JSON", e);
        }
    }

    static String write(JsonNode tree) {
        try {
            return JSON.writeValueAsString(tree);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree can't be written", e);
        }
    }

    static ObjectNode object() {
        return JSON.createObjectNode();
    }

    /** An object of texts. */
    static Map<String, String> texts(String json) {
        Map<String, String> map = new LinkedHashMap<>();
        read(json)
                .properties()
                .forEach(field -> map.put(field.getKey(), field.getValue().asText()));
        return map;
    }

    /** An object's members as JSON. */
    static Map<String, String> members(String json) {
        Map<String, String> map = new LinkedHashMap<>();
        read(json).properties().forEach(field -> map.put(field.getKey(), write(field.getValue())));
        return map;
    }

    static String ofTexts(Map<String, String> texts) {
        ObjectNode object = object();
        texts.forEach(object::put);
        return write(object);
    }

    static String ofMembers(Map<String, String> members) {
        ObjectNode object = object();
        members.forEach((name, json) -> object.set(name, read(json)));
        return write(object);
    }
}
