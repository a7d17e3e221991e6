package dev.parley.llmcache;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.error.ParleyException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A request to a model. Must not be changed.
 *
 * @param namespace an id that separates parts of a tenant's cache; null for none
 * @param request in the format of the model's API: {@code model}, {@code messages}, and everything else that the response depends on
 * @param waived rules that the caller waives for this question, of those that may be waived
 */
public record Question(
        String tenant, @Nullable String namespace, ObjectNode request, Category category, Set<Reason> waived) {

    private static final int MAX_MODEL = 256;

    /** @throws ParleyException {@code bad_request} when the request names no model */
    public Question {
        waived = Set.copyOf(waived);
        JsonNode model = request.path("model");
        String name = model.textValue();
        if (name == null
                || name.isEmpty()
                || name.length() > MAX_MODEL
                || name.chars().anyMatch(c -> c < ' ')) {
            throw ParleyException.badRequest("request.model is missing or invalid: it has 1 to " + MAX_MODEL
                    + " characters without control characters");
        }
    }

    public String model() {
        return request.path("model").asText();
    }

    boolean waives(Reason reason) {
        return waived.contains(reason);
    }
}
