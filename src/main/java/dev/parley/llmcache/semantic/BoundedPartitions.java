package dev.parley.llmcache.semantic;

import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.time.Duration;
import java.util.List;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * For a Redis without vector sets: compares a question with the newest questions of its partition. One round trip reads what has changed
 * since this node last read the partition ({@link Copies}). Exact; neighbours come on Reactor's parallel scheduler.
 */
final class BoundedPartitions implements SemanticIndex {

    private static final Script READ = script("bounded-read.lua");
    private static final Script ADD = script("bounded-add.lua");
    private static final Script REMOVE = script("bounded-remove.lua");

    private final Redis redis;
    private final Keys keys;
    private final Entries entries;
    private final Copies copies;

    /**
     * @param limit questions of a partition
     * @param copyBytes of all partitions that this node keeps a copy of
     */
    BoundedPartitions(Redis redis, Keys keys, int limit, long copyBytes) {
        this.redis = redis;
        this.keys = keys;
        this.entries = new Entries(redis, keys, ADD, REMOVE, limit);
        this.copies = new Copies(copyBytes);
    }

    private static Script script(String name) {
        return Script.load(BoundedPartitions.class, "clock.lua", name);
    }

    @Override
    public Mono<List<Neighbour>> nearest(Partition partition, Asked asked, float[] vector, int count) {
        return Mono.defer(() -> {
            String digest = partition.digest();
            Copy known = copies.of(digest);
            return READ.run(
                            redis,
                            new String[] {entries.key(digest), keys.semantic(digest, "refused:" + asked.id())},
                            Script.bytes(known.born()),
                            Script.bytes(known.number()),
                            Script.bytes(known.removals()))
                    .publishOn(Schedulers.parallel())
                    .map(reply -> copies.keep(digest, known.with(reply))
                            .nearest(vector, count, Neighbour.reports(reply.get(Copy.REPORTED))));
        });
    }

    @Override
    public Mono<Void> add(Partition partition, Asked asked, float[] vector, String entryKey, Duration ttl) {
        return entries.add(partition, asked, vector, entryKey, ttl);
    }

    @Override
    public Mono<Void> remove(Partition partition, Asked asked) {
        return entries.remove(partition, asked);
    }
}
