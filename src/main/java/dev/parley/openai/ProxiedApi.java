package dev.parley.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.llmcache.Category;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** What may be asked here. */
enum ProxiedApi {
    CHAT("/chat/completions", Category.DEFAULT) {
        @Override
        ObjectNode question(ObjectNode request) {
            return request;
        }

        /** Whether it answers at all: the cache's policy takes a choice without a reason for one that did not end. */
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
        /** All of it but who asks: any other field may make another vector. Tokens are passed on and not cached. */
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

    /** Behind {@code /v1} here, and behind the upstream's URL. */
    String path() {
        return path;
    }

    /** Where the caller names none. */
    Category category() {
        return category;
    }

    /** What an answer depends on; null: it is not to be cached. */
    @Nullable
    abstract ObjectNode question(ObjectNode request);

    /** Whether that is an answer, and not just any JSON. */
    abstract boolean isWhole(ObjectNode request, JsonNode response);

    private static boolean all(JsonNode array, Predicate<JsonNode> test) {
        return StreamSupport.stream(array.spliterator(), false).allMatch(test);
    }
}
