package dev.parley.llmcache;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.support.NamedValues;
import java.util.List;
import java.util.Map;

/**
 * The price of a million tokens of each kind, in any currency.
 *
 * @param prompt of tokens that the model reads
 * @param completion of tokens that the model writes
 */
public record Price(double prompt, double completion) {

    /** Prices by model, from a list with elements {@code model=prompt/completion}; the last one of a model counts. */
    public static Map<String, Price> byModel(List<String> prices) {
        return NamedValues.of(prices, Price::of);
    }

    private static Price of(String both) {
        String[] prices = both.split("/", 2);
        return new Price(Double.parseDouble(prices[0]), Double.parseDouble(prices[1]));
    }

    /** @param usage in OpenAI's or Anthropic's format */
    long micros(JsonNode usage) {
        double cost = prompt * tokens(usage, "prompt_tokens", "input_tokens")
                + completion * tokens(usage, "completion_tokens", "output_tokens");
        return Math.round(cost);
    }

    /** Negative numbers of a caller count as zero. */
    private static long tokens(JsonNode usage, String name, String otherName) {
        return Math.max(0, usage.path(usage.has(name) ? name : otherName).asLong());
    }
}
