package dev.parley.protocol;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.parley.error.ParleyException;
import org.jspecify.annotations.Nullable;

/**
 * The content of a message: a text, or content parts in OpenAI's format, objects with a {@code type}.
 *
 * @param json a string, or an array that is not empty
 */
public record MessageContent(String json) {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    public static MessageContent text(String text) {
        return new MessageContent(
                '"' + String.valueOf(JsonStringEncoder.getInstance().quoteAsString(text)) + '"');
    }

    /** The text; null if the content has parts. */
    public @Nullable String text() {
        if (json.charAt(0) != '"') {
            return null;
        }
        try {
            return JSON.readValue(json, String.class);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("this was checked to be JSON", e);
        }
    }

    /** Throws a {@link ParleyException} when it is neither. */
    public static MessageContent of(JsonNode content) {
        boolean parts = content.isArray() && !content.isEmpty();
        for (JsonNode part : content) {
            parts &= part.path("type").isTextual();
        }
        if (!content.isTextual() && !parts) {
            throw ParleyException.badRequest(
                    "content must be a string or an array of content parts, each with its type");
        }
        return new MessageContent(content.toString());
    }
}
