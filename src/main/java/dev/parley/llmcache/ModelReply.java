package dev.parley.llmcache;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A model's reply.
 *
 * @param response any JSON; OpenAI's and Anthropic's formats are understood
 * @param status of HTTP
 * @param truncated whether it was cut off
 * @param finishReason if the response itself does not state it
 * @param usage if the response itself does not state it
 * @param costMicros in millionths of the caller's currency; 0: computed from the usage, if the model has a price
 * @param took time to compute it; null: since the flight began, if there is one
 * @param tags ids for invalidation, {@value #MAX_TAGS} at most
 * @param ttl null: the category's
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

    /** Finish reasons of replies that call tools. */
    static final Set<String> CALLING = Set.of("tool_calls", "function_call", "tool_use");

    public ModelReply {
        tags = List.copyOf(tags);
    }

    /** A complete reply with status 200. */
    public static ModelReply of(JsonNode response) {
        return new ModelReply(response, 200, false, null, null, 0, null, List.of(), null);
    }

    /** Whether it calls tools. */
    boolean calls() {
        return ends().stream().anyMatch(CALLING::contains)
                || response.findValues("tool_calls").stream().anyMatch(calls -> !calls.isEmpty());
    }

    /** How it ended: OpenAI's finish reasons, Anthropic's stop reason, or the caller's. */
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
