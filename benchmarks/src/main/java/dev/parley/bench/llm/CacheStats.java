package dev.parley.bench.llm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/** What the gateway has counted. */
public record CacheStats(
        long exact, long joined, long semantic, long stale, long misses, double seconds, double money) {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Blocks. */
    public static CacheStats of(Lines gateway) {
        Answered answer = gateway.once(Requests.stats());
        if (answer.status() != 200) {
            throw new IllegalStateException("the gateway has no figures of its cache: " + answer);
        }
        try {
            JsonNode total = JSON.readTree(answer.body()).path("total");
            JsonNode hits = total.path("hits");
            long misses = 0;
            for (JsonNode count : total.path("misses")) {
                misses += count.asLong();
            }
            return new CacheStats(
                    hits.path("exact").asLong(),
                    hits.path("joined").asLong(),
                    hits.path("semantic").asLong(),
                    hits.path("stale").asLong(),
                    misses,
                    total.path("seconds_saved").asDouble(),
                    total.path("money_saved").asDouble());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the gateway's figures can't be read: " + answer, e);
        }
    }

    /** What was counted since then. */
    public CacheStats since(CacheStats before) {
        return new CacheStats(
                exact - before.exact,
                joined - before.joined,
                semantic - before.semantic,
                stale - before.stale,
                misses - before.misses,
                seconds - before.seconds,
                money - before.money);
    }

    public long hits() {
        return exact + joined + semantic + stale;
    }
}
