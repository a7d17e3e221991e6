package dev.parley.llmcache;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
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
public record ModelReply(
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

    /** How a reply ends that calls tools. */
    static final Set<String> CALLING = Set.of("tool_calls", "function_call", "tool_use");

    public ModelReply {
        tags = List.copyOf(tags);
    }

    /** A whole answer with status 200. */
    public static ModelReply of(JsonNode response) {
        return new ModelReply(response, 200, false, null, null, 0, null, List.of(), null);
    }

    /** Whether it calls tools. */
    boolean calls() {
        return ends().stream().anyMatch(CALLING::contains)
                || response.findValues("tool_calls").stream().anyMatch(calls -> !calls.isEmpty());
    }

    /** How it ended: OpenAI's finish reasons, Anthropic's stop reason, or what the caller says. */
    List<String> ends() {
        List<String> ends = new ArrayList<>();
        if (finishReason != null) {
            ends.add(finishReason);
        }
        response.path("choices")
                .forEach(choice -> ends.add(choice.path("finish_reason").asText()));
        if (response.has("stop_reason")) {
            ends.add(response.path("stop_reason").asText());
        }
        if (response.path("object").asText().equals("response")) {
            ends.add(response.path("status").asText());
        }
        return ends;
    }
}
