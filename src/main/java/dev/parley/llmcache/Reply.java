package dev.parley.llmcache;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a model has answered.
 *
 * @param response any JSON; what OpenAI's and Anthropic's APIs answer is understood
 * @param status of HTTP
 * @param truncated whether it was cut off on its way
 * @param finishReason where the response does not say so itself
 * @param usage where the response does not say so itself
 * @param costMicros in millionths of whatever the caller counts in; 0: what its usage costs, where the model has a price
 * @param took how long it took to compute; null: since the flight began, where it has one
 * @param tags ids by which it can be invalidated, {@value #MAX_TAGS} at most
 * @param ttl null: what the category has
 */
public record Reply(
        JsonNode response,
        int status,
        boolean truncated,
        @Nullable String finishReason,
        @Nullable JsonNode usage,
        long costMicros,
        @Nullable Duration took,
        Collection<String> tags,
        @Nullable Duration ttl) {

    public static final int MAX_TAGS = 16;

    public Reply {
        tags = List.copyOf(tags);
    }

    /** A whole answer with status 200. */
    public static Reply of(JsonNode response) {
        return new Reply(response, 200, false, null, null, 0, null, List.of(), null);
    }
}
