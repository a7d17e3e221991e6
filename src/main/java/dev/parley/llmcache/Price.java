package dev.parley.llmcache;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.support.NamedValues;
import java.util.List;
import java.util.Map;

/**
 * What a model's tokens cost, for a million of each kind, in whatever money is counted in.
 *
 * @param prompt of what it reads
 * @param completion of what it writes
 */
record Price(double prompt, double completion) {

    /** Prices by model, of a list whose elements are {@code model=prompt/completion}; the last one of a model counts. */
    public static Map<String, Price> byModel(List<String> prices) {
        return NamedValues.of(prices, Price::of);
    }

    private static Price of(String both) {
        String[] prices = both.split("/", 2);
        return new Price(Double.parseDouble(prices[0]), Double.parseDouble(prices[1]));
    }

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
