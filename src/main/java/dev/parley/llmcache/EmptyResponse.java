package dev.parley.llmcache;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.llmcache.text.HiddenText;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;

/**
 * Recognises responses without content, in the formats of OpenAI's APIs (chat, completions, responses, embeddings), Anthropic's, Gemini's
 * and Ollama's, and in any other JSON. Text counts if it has a visible character. A tool call, a refusal, audio, an image or reasoning is
 * content without text. Stateless.
 */
final class EmptyResponse {

    /** Fields that carry text in a message or at the top of a response. */
    private static final List<String> TEXTS =
            List.of("content", "text", "output_text", "response", "output", "completion", "answer");

    /** Fields of a message that are content besides its text. */
    private static final List<String> BESIDE = List.of(
            "refusal",
            "audio",
            "images",
            "reasoning",
            "reasoning_content",
            "reasoning_details",
            "thinking",
            "thinking_blocks",
            "executable_code");

    /** Fields of any object that describe it, and are not content. */
    private static final Set<String> LABELS = Set.of(
            "type",
            "role",
            "index",
            "id",
            "model",
            "object",
            "annotations",
            "citations",
            "logprobs",
            "status",
            "usage",
            "finish_reason",
            "stop_reason");

    private EmptyResponse() {}

    /** Whether a response, or one of several answers in it, has no content. */
    static boolean is(JsonNode response) {
        if (response.path("choices").isArray()) {
            return anyOrNone(
                    response.path("choices"), choice -> says(choice.has("message") ? choice.path("message") : choice));
        }
        if (response.path("candidates").isArray()) {
            return anyOrNone(
                    response.path("candidates"),
                    candidate -> says(candidate.path("content").path("parts")));
        }
        if (response.path("data").isArray()
                && response.path("object").asText("list").equals("list")) {
            return anyOrNone(
                    response.path("data"),
                    each -> !each.has("embedding") ? says(each) : isVector(each.path("embedding")));
        }
        if (response.path("embeddings").isArray()) {
            return anyOrNone(response.path("embeddings"), EmptyResponse::isVector);
        }
        if (response.path("object").asText().equals("response")) {
            // Its other fields repeat the request.
            return !says(response.path("output"));
        }
        if (response.path("message").isObject()) {
            return !says(response.path("message"));
        }
        return !says(response);
    }

    private static boolean anyOrNone(JsonNode array, Predicate<JsonNode> says) {
        return array.isEmpty()
                || !StreamSupport.stream(array.spliterator(), false).allMatch(says);
    }

    /** Numbers, or their bytes in base64. */
    private static boolean isVector(JsonNode vector) {
        return vector.isTextual()
                ? says(vector)
                : vector.isArray()
                        && !vector.isEmpty()
                        && StreamSupport.stream(vector.spliterator(), false).allMatch(JsonNode::isNumber);
    }

    private static boolean says(JsonNode node) {
        if (node.isTextual()) {
            return HiddenText.isVisible(node.textValue());
        }
        if (node.isArray()) {
            return StreamSupport.stream(node.spliterator(), false).anyMatch(EmptyResponse::says);
        }
        if (!node.isObject()) {
            return node.isNumber() || node.isBoolean();
        }
        return !node.path("tool_calls").isEmpty()
                || !node.path("function_call").isEmpty()
                || BESIDE.stream().anyMatch(field -> says(node.path(field)))
                || (TEXTS.stream().anyMatch(node::has)
                        ? TEXTS.stream().anyMatch(field -> says(node.path(field)))
                        : node.properties().stream()
                                .anyMatch(field -> !LABELS.contains(field.getKey()) && says(field.getValue())));
    }
}
