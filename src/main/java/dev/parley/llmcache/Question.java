package dev.parley.llmcache;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.error.ParleyException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a model is asked. The request is not changed by anybody from here on.
 *
 * @param namespace an id that keeps apart what a tenant does not want to share with itself; null for none
 * @param request as the model's API has it: {@code model}, {@code messages}, and all else that the answer depends on
 * @param waived rules that the caller sets aside for this question, of those that may be
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
            throw ParleyException.badRequest(
                    "request.model must be there: 1 to " + MAX_MODEL + " characters without control characters");
        }
    }

    public String model() {
        return request.path("model").asText();
    }

    boolean waives(Reason reason) {
        return waived.contains(reason);
    }
}
