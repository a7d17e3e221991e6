package dev.parley.llmcache;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A cached response.
 *
 * @param created by Redis' clock, in ms since 1970; 0 if unknown (original Python format)
 * @param tookMillis time to compute it; 0 if unknown
 * @param costMicros its cost, in millionths of the caller's currency; 0 if unknown
 * @param calls whether it calls tools: only callers that allow that receive it
 * @param json an object with {@code response}, and if known {@code model}, {@code category}, {@code tags}, {@code usage} and {@code cost};
 *     never changed
 */
public record CacheEntry(
        long created,
        Category category,
        String model,
        String namespace,
        Collection<String> tags,
        long tookMillis,
        long costMicros,
        boolean calls,
        byte[] json) {

    public CacheEntry {
        tags = List.copyOf(tags);
    }

    /**
     * @param token of the flight that computed it; null without a flight
     * @param price of the tokens, if the reply does not state a cost; null if unknown
     */
    static CacheEntry of(Question question, ModelReply reply, @Nullable String token, @Nullable Price price) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.set("response", reply.response());
        json.put("model", question.model()).put("category", question.category().wire());
        ArrayNode tags = json.putArray("tags");
        reply.tags().forEach(tags::add);
        JsonNode usage = reply.usage() == null ? reply.response().get("usage") : reply.usage();
        if (usage != null) {
            json.set("usage", usage);
        }
        long costMicros =
                reply.costMicros() > 0 || price == null || usage == null ? reply.costMicros() : price.micros(usage);
        if (costMicros > 0) {
            json.put("cost", BigDecimal.valueOf(costMicros, 6).stripTrailingZeros());
        }
        return new CacheEntry(
                System.currentTimeMillis(),
                question.category(),
                question.model(),
                Objects.requireNonNullElse(question.namespace(), ""),
                reply.tags(),
                took(reply, token),
                costMicros,
                reply.calls(),
                ResponseJson.write(json));
    }

    /**
     * Time since the flight began. Clocks of nodes and Redis differ by little compared with a model's time; a negative result counts as
     * zero.
     */
    private static long took(ModelReply reply, @Nullable String token) {
        if (reply.took() != null) {
            return reply.took().toMillis();
        }
        if (token == null || !token.matches("[0-9]{1,18}-[0-9]{1,15}-.*")) {
            return 0;
        }
        long began = Long.parseLong(token.split("-", 3)[1]);
        return Math.min(Math.max(0, System.currentTimeMillis() - began), CacheSettings.MAX_LEASE.toMillis());
    }
}
