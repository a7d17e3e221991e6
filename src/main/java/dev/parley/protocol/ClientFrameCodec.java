package dev.parley.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.error.ParleyException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Parses clients' frames. The caller has checked their UTF-8 and bounded their size. Unknown fields are ignored. Thread-safe; never blocks.
 */
public final class ClientFrameCodec {

    /** Deepest nesting of objects and arrays in a frame; metadata stands one level deeper in the event that a message becomes. */
    public static final int MAX_DEPTH = 63;

    private static final int MAX_REF = 128;

    /** Only UTF-8: offsets into UTF-16 would be wrong. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.CHARSET_DETECTION)
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
            .build();

    private static final ObjectMapper TREES = new ObjectMapper(JSON);

    private ClientFrameCodec() {}

    /**
     * Parses a frame to the last byte.
     *
     * @return the frame, or {@link ClientFrame.Refused} when it is invalid
     * @throws NotJsonException when it is not JSON at all
     */
    public static ClientFrame parse(byte[] bytes) {
        Fields fields = new Fields(bytes);
        try (JsonParser parser = JSON.createParser(bytes)) {
            fields.read(parser);
            return fields.frame();
        } catch (ParleyException refusal) {
            return new ClientFrame.Refused(fields.ref, refusal);
        } catch (StreamConstraintsException e) {
            return new ClientFrame.Refused(
                    fields.ref, ParleyException.badRequest("the frame is invalid: " + e.getOriginalMessage()));
        } catch (JsonProcessingException e) {
            throw new NotJsonException(e.getOriginalMessage());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Parses the body of an HTTP request that corresponds to a frame of this type in this conversation.
     *
     * @throws ParleyException when the body is invalid
     */
    public static ClientFrame parseBody(String type, String conversation, byte[] body) {
        Fields fields = new Fields(body);
        try (JsonParser parser = JSON.createParser(body)) {
            fields.read(parser);
            fields.strings.put("type", type);
            fields.strings.put("conversation", conversation);
            return fields.frame();
        } catch (NotJsonException e) {
            throw ParleyException.badRequest("the body is empty: it must be a JSON object");
        } catch (JsonProcessingException e) {
            throw ParleyException.badRequest("the body is not JSON: " + e.getOriginalMessage());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The top-level fields of one frame: strings decoded, objects as slices of the bytes. */
    private static final class Fields {
        private final byte[] bytes;
        private final Map<String, String> strings = new HashMap<>();
        private final Map<String, byte[]> objects = new HashMap<>();
        private final Map<String, Boolean> booleans = new HashMap<>();
        private final Map<String, byte[]> arrays = new HashMap<>();
        private final Map<String, JsonToken> others = new HashMap<>();
        private @Nullable String ref;

        Fields(byte[] bytes) {
            this.bytes = bytes;
        }

        void read(JsonParser parser) throws IOException {
            JsonToken first = parser.nextToken();
            if (first == null) {
                throw new NotJsonException("there is nothing");
            }
            if (first != JsonToken.START_OBJECT) {
                parser.skipChildren();
                throw ParleyException.badRequest("this must be a JSON object");
            }
            String name;
            while ((name = parser.nextFieldName()) != null) {
                field(name, parser.nextToken(), parser);
            }
            if (parser.nextToken() != null) {
                throw ParleyException.badRequest("there is text after the closing brace: send one object at a time");
            }
        }

        private void field(String name, JsonToken value, JsonParser parser) throws IOException {
            if (name.equals("ref")) {
                ref = scalar(value, parser);
                return;
            }
            switch (value) {
                case VALUE_STRING -> strings.put(name, parser.getText());
                case START_OBJECT -> objects.put(name, slice(parser));
                case START_ARRAY -> arrays.put(name, slice(parser));
                case VALUE_TRUE, VALUE_FALSE -> booleans.put(name, parser.getBooleanValue());
                case VALUE_NULL -> {}
                default -> {
                    others.put(name, value);
                    parser.skipChildren();
                    parser.finishToken();
                }
            }
        }

        private @Nullable String scalar(JsonToken value, JsonParser parser) throws IOException {
            int from = Math.toIntExact(parser.currentTokenLocation().getByteOffset());
            parser.finishToken();
            int to = Math.toIntExact(parser.currentLocation().getByteOffset());
            if (value == JsonToken.VALUE_NULL) {
                return null;
            }
            if (value.isNumeric() && to - from <= MAX_REF) {
                return parser.getText();
            }
            if (value == JsonToken.VALUE_STRING && to - from <= MAX_REF) {
                return new String(bytes, from, to - from, StandardCharsets.UTF_8);
            }
            parser.skipChildren();
            throw ParleyException.badRequest("ref must be a string or a number of at most " + MAX_REF + " bytes");
        }

        private byte[] slice(JsonParser parser) throws IOException {
            int from = Math.toIntExact(parser.currentTokenLocation().getByteOffset());
            parser.skipChildren();
            return Arrays.copyOfRange(
                    bytes, from, Math.toIntExact(parser.currentLocation().getByteOffset()));
        }

        ClientFrame frame() {
            String type = string("type");
            return switch (type) {
                case "auth" -> new ClientFrame.Auth(ref, string("token"));
                case "subscribe" -> new ClientFrame.Subscribe(ref, string("conversation"), optional("since"));
                case "unsubscribe" -> new ClientFrame.Unsubscribe(ref, string("conversation"));
                case "send" ->
                    new ClientFrame.Send(
                            ref,
                            string("conversation"),
                            content(),
                            optional("message_id"),
                            optionalObject("metadata"),
                            category());
                case "publish" ->
                    new ClientFrame.Publish(
                            ref,
                            string("conversation"),
                            string("event"),
                            object("payload"),
                            optional("event_id"),
                            bool("durable", true));
                case "cancel" ->
                    new ClientFrame.Cancel(ref, string("conversation"), optional("run"), optional("reason"));
                case "call" -> {
                    byte[] params = optionalObject("params");
                    yield new ClientFrame.Call(ref, string("method"), params == null ? new byte[] {'{', '}'} : params);
                }
                case "ping" -> new ClientFrame.Ping(ref);
                case "pong" -> new ClientFrame.Pong(ref);
                default ->
                    throw ParleyException.badRequest(
                            "type is unknown: known are auth, subscribe, unsubscribe, send, publish,"
                                    + " cancel, call, ping and pong");
            };
        }

        private MessageContent content() {
            String text = strings.get("content");
            byte[] parts = arrays.get("content");
            if (text != null) {
                return MessageContent.text(text);
            }
            if (parts != null) {
                return MessageContent.of(tree(parts));
            }
            throw ParleyException.badRequest((has("content") ? "content " : "content is missing: it ")
                    + "must be a string or an array of content parts, each with its type");
        }

        private @Nullable String category() {
            byte[] cache = optionalObject("cache");
            if (cache == null) {
                return null;
            }
            JsonNode category = tree(cache).path("category");
            if (!category.isTextual()) {
                throw ParleyException.badRequest("cache.category must be a string, such as faq");
            }
            return category.textValue();
        }

        private static JsonNode tree(byte[] json) {
            try {
                return TREES.readTree(json);
            } catch (IOException e) {
                throw new UncheckedIOException("a frame was JSON, and a part of it is not", e);
            }
        }

        private String string(String name) {
            String value = optional(name);
            if (value == null) {
                throw ParleyException.badRequest(name + " is missing: it must be a string");
            }
            return value;
        }

        private @Nullable String optional(String name) {
            String value = strings.get(name);
            if (value == null && has(name)) {
                throw ParleyException.badRequest(name + " must be a string");
            }
            return value;
        }

        private byte[] object(String name) {
            byte[] value = optionalObject(name);
            if (value == null) {
                throw ParleyException.badRequest(name + " is missing: it must be a JSON object");
            }
            return value;
        }

        private byte @Nullable [] optionalObject(String name) {
            byte[] value = objects.get(name);
            if (value == null && has(name)) {
                throw ParleyException.badRequest(name + " must be a JSON object");
            }
            return value;
        }

        private boolean bool(String name, boolean otherwise) {
            Boolean value = booleans.get(name);
            if (value == null && has(name)) {
                throw ParleyException.badRequest(name + " must be true or false");
            }
            return value == null ? otherwise : value;
        }

        private boolean has(String name) {
            return strings.containsKey(name)
                    || objects.containsKey(name)
                    || arrays.containsKey(name)
                    || booleans.containsKey(name)
                    || others.containsKey(name);
        }
    }
}
