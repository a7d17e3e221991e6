package dev.parley.llmcache;

import java.util.Collection;
import java.util.List;

/**
 * An answer that is kept.
 *
 * @param created by Redis' clock, in ms since 1970; 0 where nobody knows (the seed's)
 * @param tookMillis how long it took to compute; 0 where nobody knows
 * @param costMicros what that cost, in millionths of whatever the caller counts in; 0 where nobody knows
 * @param json an object with {@code response}, and where they are known {@code model}, {@code category}, {@code tags}, {@code usage} and
 *     {@code cost}; never changed
 */
public record Entry(
        long created,
        Category category,
        String model,
        String namespace,
        Collection<String> tags,
        long tookMillis,
        long costMicros,
        byte[] json) {

    public Entry {
        tags = List.copyOf(tags);
    }
}
