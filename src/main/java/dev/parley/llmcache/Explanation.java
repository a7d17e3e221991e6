package dev.parley.llmcache;

import dev.parley.llmcache.semantic.Found;
import dev.parley.redis.Script;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Why a question is answered from the cache, or is not.
 *
 * @param text the text whose hash is the key
 * @param rules all rules that reject it, not just the first one
 * @param kept null while Redis is unavailable
 * @param semantic similar questions; null if the semantic cache does not apply
 */
public record Explanation(
        CacheKey key,
        String text,
        List<Reason> rules,
        @Nullable Kept kept,
        @Nullable Found semantic) {

    public Explanation {
        rules = List.copyOf(rules);
    }

    /**
     * What is stored under the question's key.
     *
     * @param header present if there is an entry; empty for one in the original Python format
     * @param endsMillis time until the entry leaves Redis
     * @param flightMillis remaining lease of the flight; negative if there is none
     */
    public record Kept(
            long now, @Nullable String header, boolean invalidated, long bytes, long endsMillis, long flightMillis) {

        /** The index of the first of {@link #lines} that is a tag; an empty line follows the last one. */
        public static final int TAGS = 9;

        static Kept of(List<Object> reply) {
            Object header = reply.get(1);
            return new Kept(
                    Long.parseLong(Script.text(reply.get(0))),
                    header == null ? null : Script.text(header),
                    (Long) reply.get(2) == 1,
                    (Long) reply.get(3),
                    (Long) reply.get(4),
                    (Long) reply.get(5));
        }

        /** Time to compute the response; 0 if unknown. */
        long tookMillis() {
            return number(3);
        }

        /** Cost of the response, in millionths; 0 if unknown. */
        long costMicros() {
            return number(4);
        }

        private long number(int line) {
            List<String> lines = lines();
            return lines.size() > line ? Long.parseLong(lines.get(line)) : 0;
        }

        /** The header's lines, as {@code entry.lua} names them: epoch, created, fresh until and so on; none without a header. */
        public List<String> lines() {
            return header == null || header.isEmpty() ? List.of() : List.of(header.split("\n", -1));
        }
    }
}
