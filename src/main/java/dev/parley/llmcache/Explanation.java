package dev.parley.llmcache;

import dev.parley.llmcache.semantic.Found;
import dev.parley.redis.Script;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Why a question is answered from the cache, or is not.
 *
 * @param text what the key is the hash of
 * @param rules all that refuse it, not just the first one
 * @param kept null while Redis is away
 * @param semantic what else was asked like it; null where that is not looked at
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
     * What there is under its key.
     *
     * @param header there when there is an entry; empty for the seed's
     * @param endsMillis until the entry leaves Redis
     * @param flightMillis how long the lease of whoever computes it still runs; negative when nobody does
     */
    public record Kept(
            long now, @Nullable String header, boolean invalidated, long bytes, long endsMillis, long flightMillis) {

        /** The first of {@link #lines} that is a tag; behind the last one there is an empty line. */
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

        /** How long it took to compute; 0 where nobody knows. */
        long tookMillis() {
            return number(3);
        }

        /** What that cost, in millionths; 0 where nobody knows. */
        long costMicros() {
            return number(4);
        }

        private long number(int line) {
            List<String> lines = lines();
            return lines.size() > line ? Long.parseLong(lines.get(line)) : 0;
        }

        /** The header's lines, as {@code entry.lua} names them: epoch, created, fresh until and so on; none where there is no header. */
        public List<String> lines() {
            return header == null || header.isEmpty() ? List.of() : List.of(header.split("\n", -1));
        }
    }
}
