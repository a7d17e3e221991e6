package dev.parley.bench.subject;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** The little of MessagePack that Socket.IO's emitter writes: small containers and texts. */
final class MessagePack {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @CanIgnoreReturnValue
    MessagePack array(int size) {
        return head(0x90, size, 15);
    }

    @CanIgnoreReturnValue
    MessagePack map(int size) {
        return head(0x80, size, 15);
    }

    @CanIgnoreReturnValue
    MessagePack small(int number) {
        return head(0, number, 127);
    }

    private MessagePack head(int type, int value, int most) {
        if (value > most) {
            throw new IllegalArgumentException(value + " is more than " + most);
        }
        out.write(type | value);
        return this;
    }

    @CanIgnoreReturnValue
    MessagePack text(String text) {
        byte[] bytes = utf8(text);
        if (bytes.length < 32) {
            out.write(0xa0 | bytes.length);
        } else if (bytes.length < 256) {
            out.write(0xd9);
            out.write(bytes.length);
        } else {
            out.write(0xda);
            out.write(bytes.length >> 8);
            out.write(bytes.length);
        }
        out.writeBytes(bytes);
        return this;
    }

    /** An object of objects and texts. */
    @CanIgnoreReturnValue
    MessagePack json(String json) {
        try {
            return node(JSON.readTree(json));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private MessagePack node(JsonNode node) {
        if (!node.isObject()) {
            return text(node.asText());
        }
        map(node.size());
        node.properties().forEach(field -> {
            text(field.getKey());
            node(field.getValue());
        });
        return this;
    }

    byte[] bytes() {
        return out.toByteArray();
    }
}
