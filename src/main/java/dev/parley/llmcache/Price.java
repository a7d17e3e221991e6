package dev.parley.llmcache;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * What a model's tokens cost, for a million of each kind, in whatever money is counted in.
 *
 * @param prompt of what it reads
 * @param completion of what it writes
 */
public record Price(double prompt, double completion) {

    /** @param usage as OpenAI's and Anthropic's APIs have it */
    long micros(JsonNode usage) {
        double cost = prompt * tokens(usage, "prompt_tokens", "input_tokens")
                + completion * tokens(usage, "completion_tokens", "output_tokens");
        return Math.round(cost);
    }

    /** Whoever puts an answer may say anything: less than nothing is nothing. */
    private static long tokens(JsonNode usage, String name, String otherName) {
        return Math.max(0, usage.path(usage.has(name) ? name : otherName).asLong());
    }
}
