package dev.parley.llmcache.semantic;

import dev.parley.llmcache.semantic.embedding.Vectors;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.time.Duration;
import java.util.stream.Stream;
import reactor.core.publisher.Mono;

/**
 * The writing scripts of an index; each kind of index has its own, with the same arguments.
 *
 * @param limit maximum questions of a partition
 */
record Entries(Redis redis, Keys keys, Script add, Script remove, int limit) {

    Mono<Void> add(Partition partition, Asked asked, float[] vector, String entryKey, Duration ttl) {
        return Mono.defer(() -> add.run(
                        redis,
                        new String[] {key(partition.digest())},
                        Stream.of(
                                        Script.bytes(asked.id()),
                                        Script.bytes(asked.text()),
                                        Script.bytes(entryKey),
                                        Vectors.toBytes(vector),
                                        Script.bytes(ttl.toMillis()),
                                        Script.bytes(limit))
                                .toArray(byte[][]::new)))
                .then();
    }

    Mono<Void> remove(Partition partition, Asked asked) {
        return Mono.defer(() -> remove.run(redis, new String[] {key(partition.digest())}, Script.bytes(asked.id())))
                .then();
    }

    /** Where the questions of a partition are. */
    String key(String digest) {
        return keys.semantic(digest, "entries");
    }
}
