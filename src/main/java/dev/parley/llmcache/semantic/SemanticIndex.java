package dev.parley.llmcache.semantic;

import java.time.Duration;
import java.util.List;
import reactor.core.publisher.Mono;

/**
 * The answered questions, by partition. Cold; fails with a {@link dev.parley.error.ParleyException} {@code unavailable} while Redis is
 * unavailable.
 */
interface SemanticIndex {

    /**
     * The nearest ones that have not ended, the nearest first.
     *
     * @param vector of length 1
     * @param count at most, 1 at least
     */
    Mono<List<Neighbour>> nearest(Partition partition, Asked asked, float[] vector, int count);

    /** Puts a question in, in place of the same one. The ones that end first give way when there are too many. */
    Mono<Void> add(Partition partition, Asked asked, float[] vector, String entryKey, Duration ttl);

    /** Takes a question out. */
    Mono<Void> remove(Partition partition, Asked asked);
}
