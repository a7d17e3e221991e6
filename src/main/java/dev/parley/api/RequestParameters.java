package dev.parley.api;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.error.ParleyException;
import dev.parley.event.AgentEvent;
import dev.parley.event.Ids;
import dev.parley.event.Utf8;
import dev.parley.support.ExactNumbers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of an operation: a JSON object, from a {@code call} or combined from a request's path, query, headers and body. Null
 * counts as absent. Every getter throws a {@link ParleyException} that names an invalid field.
 */
final class RequestParameters {

    private static final JsonMapper JSON = ExactNumbers.sent(AgentEvent.MAX_DEPTH);

    static {
        // Concurrent first reads wait for a lock: not on event loops.
        readOnce();
    }

    private final ObjectNode fields;

    RequestParameters(ObjectNode fields) {
        this.fields = fields;
    }

    /**
     * Reads a JSON object; an empty text is an empty object.
     *
     * @param what its name in an error, such as {@code the body}
     */
    static RequestParameters parse(String what, byte[] json) {
        if (!Utf8.valid(json)) {
            throw ParleyException.badRequest(what + " is not valid UTF-8");
        }
        try (JsonParser parser = JSON.createParser(json)) {
            JsonNode node = json.length == 0 ? JSON.createObjectNode() : JSON.readTree(parser);
            if (node instanceof ObjectNode fields) {
                requireUnicode(what, fields);
                return new RequestParameters(fields);
            }
            throw ParleyException.badRequest(what + " must be a JSON object");
        } catch (JsonProcessingException e) {
            throw ParleyException.badRequest(what + " is not JSON: " + e.getOriginalMessage());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void readOnce() {
        try (JsonParser parser = JSON.createParser("{}")) {
            JsonNode unused = JSON.readTree(parser);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sets or replaces a string; null changes nothing. */
    void put(String name, @Nullable String value) {
        if (value != null) {
            fields.put(name, value);
        }
    }

    boolean has(String name) {
        return fields.hasNonNull(name);
    }

    String id(String name) {
        return required(name, optionalId(name), "it must be an id");
    }

    @Nullable
    String optionalId(String name) {
        String value = optionalText(name);
        if (value != null && !Ids.valid(value)) {
            throw ParleyException.badRequest(name + " " + Ids.RULE);
        }
        return value;
    }

    String text(String name) {
        return required(name, optionalText(name), "it must be a string");
    }

    @Nullable
    String optionalText(String name) {
        JsonNode value = json(name);
        if (value != null && !value.isTextual()) {
            throw ParleyException.badRequest(name + " must be a string");
        }
        return value == null ? null : value.textValue();
    }

    /** One of a set of words. */
    String word(String name, Set<String> words, String otherwise) {
        String value = Objects.requireNonNullElse(optionalText(name), otherwise);
        if (!words.contains(value)) {
            throw ParleyException.badRequest(name + " must be one of "
                    + String.join(", ", words.stream().sorted().toList()));
        }
        return value;
    }

    /** A whole number within bounds; also as a string, as in a path or a query. */
    long integer(String name, long least, long most) {
        return required(name, optionalInteger(name, least, most), "it must be a whole number");
    }

    long integer(String name, long least, long most, long otherwise) {
        return Objects.requireNonNullElse(optionalInteger(name, least, most), otherwise);
    }

    @Nullable
    Long optionalInteger(String name, long least, long most) {
        JsonNode value = json(name);
        if (value == null) {
            return null;
        }
        Long number = null;
        if (value.isIntegralNumber() && value.canConvertToLong()) {
            number = value.longValue();
        } else if (value.isTextual() && value.textValue().matches("-?[0-9]{1,18}")) {
            number = Long.valueOf(value.textValue());
        }
        if (number == null || number < least || number > most) {
            throw ParleyException.badRequest(name + " must be a whole number from " + least + " to " + most);
        }
        return number;
    }

    /** A number within bounds. */
    double number(String name, double least, double most) {
        JsonNode value = json(name);
        if (value == null) {
            throw missing(name, "it must be a number");
        }
        if (!value.isNumber() || !(value.doubleValue() >= least && value.doubleValue() <= most)) {
            throw ParleyException.badRequest(name + " must be a number from " + least + " to " + most);
        }
        return value.doubleValue();
    }

    boolean flag(String name, boolean otherwise) {
        JsonNode value = json(name);
        if (value == null) {
            return otherwise;
        }
        if (value.isBoolean()) {
            return value.booleanValue();
        }
        if (value.isTextual() && Set.of("true", "false").contains(value.textValue())) {
            return Boolean.parseBoolean(value.textValue());
        }
        throw ParleyException.badRequest(name + " must be true or false");
    }

    ObjectNode object(String name) {
        return required(name, optionalObject(name), "it must be a JSON object");
    }

    @Nullable
    ObjectNode optionalObject(String name) {
        JsonNode value = json(name);
        if (value == null || value instanceof ObjectNode) {
            return (ObjectNode) value;
        }
        throw ParleyException.badRequest(name + " must be a JSON object");
    }

    /** Any value; null if absent. */
    @Nullable
    JsonNode json(String name) {
        JsonNode value = fields.get(name);
        return value == null || value.isNull() ? null : value;
    }

    /** Rejects half surrogate pairs, which JSON can write and UTF-8 can't. */
    private static void requireUnicode(String what, JsonNode value) {
        if (value.isTextual() && !Utf8.canEncode(value.textValue())) {
            throw ParleyException.badRequest(what + " has half a surrogate pair: it must be well-formed Unicode");
        }
        value.properties().forEach(field -> {
            if (!Utf8.canEncode(field.getKey())) {
                throw ParleyException.badRequest(
                        "a name in " + what + " has half a surrogate pair: it must be well-formed Unicode");
            }
            requireUnicode(field.getKey(), field.getValue());
        });
        if (value.isArray()) {
            value.forEach(element -> requireUnicode(what, element));
        }
    }

    private static <T> T required(String name, @Nullable T value, String rule) {
        if (value == null) {
            throw missing(name, rule);
        }
        return value;
    }

    private static ParleyException missing(String name, String rule) {
        return ParleyException.badRequest(name + " is missing: " + rule);
    }
}
