package dev.parley.llmcache;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.io.IOException;
import java.util.stream.Stream;

/** JSON of responses, kept as received. */
final class ResponseJson {

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final ObjectReader WHOLE = JSON.reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    static {
        // Concurrent first writes wait for a lock: not on event loops.
        JsonNodeFactory nodes = JsonNodeFactory.instance;
        Stream.of(nodes.objectNode(), nodes.arrayNode(), nodes.textNode(""), nodes.nullNode(), nodes.booleanNode(true))
                .forEach(ResponseJson::write);
    }

    private ResponseJson() {}

    @CanIgnoreReturnValue
    static byte[] write(JsonNode tree) {
        try {
            return JSON.writeValueAsBytes(tree);
        } catch (IOException e) {
            throw new IllegalStateException("a tree can't be written", e);
        }
    }

    /** @throws IllegalStateException when the bytes are not one JSON value */
    static JsonNode read(byte[] json) {
        try {
            JsonNode tree = WHOLE.readTree(json);
            if (tree.isMissingNode()) {
                throw new IllegalStateException("there is nothing");
            }
            return tree;
        } catch (IOException e) {
            throw new IllegalStateException("it is no JSON", e);
        }
    }
}
