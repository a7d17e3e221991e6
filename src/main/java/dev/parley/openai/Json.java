package dev.parley.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.error.ParleyException;
import dev.parley.event.Utf8;
import dev.parley.support.ExactNumbers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** JSON of requests and responses; numbers are written as they were read. */
final class Json {

    /** Tools contain nested schemas. */
    private static final int MAX_DEPTH = 200;

    private static final JsonMapper MAPPER = ExactNumbers.sent(MAX_DEPTH);

    static {
        // Concurrent first reads and writes wait for a lock: not on event loops.
        byte[] unused = bytes(read("{\"a\":[1,0.5,\"\",true,null]}".getBytes(StandardCharsets.UTF_8)));
    }

    private Json() {}

    /**
     * @throws ParleyException {@code bad_request} when it is not a JSON object, or has text that is not Unicode and would be hashed like
     *     other text
     */
    static ObjectNode request(byte[] body) {
        if (!Utf8.valid(body)) {
            throw ParleyException.badRequest("the body is not valid UTF-8");
        }
        try {
            if (parse(body) instanceof ObjectNode object) {
                requireUnicode(object);
                return object;
            }
            throw ParleyException.badRequest("the body must be a JSON object");
        } catch (JsonProcessingException e) {
            throw ParleyException.badRequest("the body is not JSON: " + e.getOriginalMessage());
        }
    }

    /** Null if it is not JSON. */
    static @Nullable JsonNode readOrNull(byte[] json) {
        try {
            return Utf8.valid(json) ? parse(json) : null;
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    /** @throws IllegalStateException when it is not JSON */
    static JsonNode read(byte[] json) {
        try {
            return parse(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("it is no JSON", e);
        }
    }

    private static JsonNode parse(byte[] json) throws JsonProcessingException {
        try (JsonParser parser = MAPPER.createParser(json)) {
            JsonNode tree = MAPPER.readTree(parser);
            return tree == null ? JsonNodeFactory.instance.missingNode() : tree;
        } catch (JsonProcessingException e) {
            throw e;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] bytes(JsonNode tree) {
        try {
            return MAPPER.writeValueAsBytes(tree);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree can't be written", e);
        }
    }

    private static void requireUnicode(JsonNode node) {
        if (node.isTextual()) {
            requireUnicode(node.textValue());
        }
        node.properties().forEach(field -> {
            requireUnicode(field.getKey());
            requireUnicode(field.getValue());
        });
        if (node.isArray()) {
            node.forEach(Json::requireUnicode);
        }
    }

    private static void requireUnicode(String text) {
        if (!Utf8.canEncode(text)) {
            throw ParleyException.badRequest("the body has half of a surrogate pair: send well-formed Unicode");
        }
    }
}
