package dev.parley.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.llmcache.Category;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** The upstream's APIs that the gateway serves. */
enum ProxiedApi {
    CHAT("/chat/completions", Category.DEFAULT) {
        @Override
        ObjectNode question(ObjectNode request) {
            return request;
        }

        /** Whether it is an answer at all: the cache's policy treats a choice without a finish reason as one that did not end. */
        @Override
        boolean isWhole(ObjectNode request, JsonNode response) {
            JsonNode choices = response.path("choices");
            return choices.isArray()
                    && !choices.isEmpty()
                    && all(
                            choices,
                            choice -> choice.path("message").isObject()
                                    && choice.path("finish_reason").isTextual());
        }
    },
    EMBEDDINGS("/embeddings", Category.EMBEDDING) {
        /** Everything except {@code user}, because any other field may change the vector. Tokens as input are forwarded and not cached. */
        @Override
        @Nullable
        ObjectNode question(ObjectNode request) {
            JsonNode input = request.path("input");
            boolean text =
                    input.isTextual() || (input.isArray() && !input.isEmpty() && all(input, JsonNode::isTextual));
            return text ? request.deepCopy().without("user") : null;
        }

        @Override
        boolean isWhole(ObjectNode request, JsonNode response) {
            JsonNode data = response.path("data");
            int wanted = request.path("input").isArray() ? request.path("input").size() : 1;
            return data.isArray()
                    && data.size() == wanted
                    && all(
                            data,
                            each -> each.path("embedding").isTextual()
                                    || (each.path("embedding").isArray()
                                            && !each.path("embedding").isEmpty()));
        }
    };

    private final String path;
    private final Category category;

    ProxiedApi(String path, Category category) {
        this.path = path;
        this.category = category;
    }

    /** The path after {@code /v1} here, and after the upstream's URL. */
    String path() {
        return path;
    }

    /** The default category. */
    Category category() {
        return category;
    }

    /** The fields on which a response depends; null: it is not to be cached. */
    @Nullable
    abstract ObjectNode question(ObjectNode request);

    /** Whether JSON is a complete response of this API. */
    abstract boolean isWhole(ObjectNode request, JsonNode response);

    private static boolean all(JsonNode array, Predicate<JsonNode> test) {
        return StreamSupport.stream(array.spliterator(), false).allMatch(test);
    }
}
