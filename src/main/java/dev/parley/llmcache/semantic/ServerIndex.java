package dev.parley.llmcache.semantic;

import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/**
 * Vector sets where the server has them, else bounded partitions. A server is asked once, and again when the connection to Redis has been
 * lost: it may be another one. {@link #dispose} ends watching that.
 */
final class ServerIndex implements SemanticIndex, Disposable {

    private static final Logger LOG = LoggerFactory.getLogger(ServerIndex.class);

    /** Questions of a partition where Redis has vector sets. */
    private static final int VECTORS = 100_000;
    /** Questions of a partition where it has none: the newest. */
    private static final int BOUNDED = 1_000;
    /** Of those, what this node keeps of partitions that it has read. */
    private static final long COPY_BYTES = 64L << 20;

    private final Redis redis;
    private final Keys keys;
    private final SemanticIndex vectors;
    private final SemanticIndex bounded;
    private final Map<String, SemanticIndex> byMaster = new ConcurrentHashMap<>();
    private final Disposable watching;

    ServerIndex(Redis redis, Keys keys) {
        this.redis = redis;
        this.keys = keys;
        this.vectors = new VectorSets(redis, keys, VECTORS);
        this.bounded = new BoundedPartitions(redis, keys, BOUNDED, COPY_BYTES);
        this.watching = redis.up().filter(up -> !up).subscribe(lost -> byMaster.clear());
    }

    @Override
    public Mono<List<Neighbour>> nearest(Partition partition, Asked asked, float[] vector, int count) {
        return with(partition, index -> index.nearest(partition, asked, vector, count));
    }

    @Override
    public Mono<Void> add(Partition partition, Asked asked, float[] vector, String entryKey, Duration ttl) {
        return with(partition, index -> index.add(partition, asked, vector, entryKey, ttl));
    }

    @Override
    public Mono<Void> remove(Partition partition, Asked asked) {
        return with(partition, index -> index.remove(partition, asked));
    }

    private <T> Mono<T> with(Partition partition, Function<SemanticIndex, Mono<T>> use) {
        return Mono.defer(() -> {
            String key = keys.semantic(partition.digest(), "entries");
            String master = redis.masterOf(key);
            SemanticIndex known = master == null ? null : byMaster.get(master);
            return known == null ? ask(key, master == null ? "" : master).flatMap(use) : use.apply(known);
        });
    }

    /** Some that ask at once may each ask the server. */
    private Mono<SemanticIndex> ask(String key, String master) {
        return redis.call(key, commands -> commands.commandInfo("VSIM"))
                // An unknown command is an empty list, or nothing at all.
                .any(info -> info instanceof List<?> about && !about.isEmpty())
                .map(has -> has ? vectors : bounded)
                .doOnNext(index -> {
                    if (byMaster.put(master, index) == null) {
                        LOG.info(
                                "Semantic cache: Redis ({}) {}",
                                master,
                                index == vectors ? "has vector sets" : "has no vector sets: partitions are bounded");
                    }
                });
    }

    @Override
    public void dispose() {
        watching.dispose();
    }
}
