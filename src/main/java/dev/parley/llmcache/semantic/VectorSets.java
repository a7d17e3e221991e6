package dev.parley.llmcache.semantic;

import dev.parley.llmcache.semantic.embedding.Vectors;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import io.lettuce.core.cluster.api.reactive.RedisClusterReactiveCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.NestedMultiOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Redis' vector sets (Redis 8): one per partition, searched there. Their elements do not expire, so their expiry times are stored beside
 * them, and each caller removes expired ones. A search is approximate (HNSW) and its cosines are exact; two round trips.
 */
final class VectorSets implements SemanticIndex {

    private static final Script DROP = script("vectors-drop.lua");
    private static final Script READ = script("vectors-read.lua");
    private static final Script ADD = script("vectors-add.lua");
    private static final Script REMOVE = script("vectors-remove.lua");

    private static final RedisCodec<String, byte[]> CODEC = RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE);

    /** How many nodes of the graph a search looks at. */
    private static final int EFFORT = 200;

    private final Redis redis;
    private final Keys keys;
    private final Entries entries;

    /** @param limit questions of a partition */
    VectorSets(Redis redis, Keys keys, int limit) {
        this.redis = redis;
        this.keys = keys;
        this.entries = new Entries(redis, keys, ADD, REMOVE, limit);
    }

    private static Script script(String name) {
        return Script.load(VectorSets.class, "clock.lua", name);
    }

    @Override
    public Mono<List<Neighbour>> nearest(Partition partition, Asked asked, float[] vector, int count) {
        return Mono.defer(() -> {
            String digest = partition.digest();
            String key = entries.key(digest);
            // Sent one behind the other, so the search comes after what has ended is gone.
            return Mono.zip(DROP.run(redis, new String[] {key}), similar(digest, vector, count))
                    .flatMap(both -> read(digest, key, asked, both.getT2()));
        });
    }

    /** VSIM, which is not for scripts: it does its work on threads of its own. */
    private Mono<Map<String, Double>> similar(String digest, float[] vector, int count) {
        String key = keys.semantic(digest, "vectors");
        return redis.call(key, commands -> search(commands, key, vector, count))
                .collectList()
                .map(VectorSets::cosines);
    }

    private static Flux<Object> search(
            RedisClusterReactiveCommands<String, byte[]> commands, String key, float[] vector, int count) {
        CommandArgs<String, byte[]> arguments = new CommandArgs<>(CODEC)
                .addKey(key)
                .add("FP32")
                .add(Vectors.toBytes(vector))
                .add("WITHSCORES")
                .add("COUNT")
                .add(count)
                .add("EF")
                .add(EFFORT);
        return commands.dispatch(CommandType.VSIM, new NestedMultiOutput<>(CODEC), arguments);
    }

    /** Elements and scores in turn, a score being (1 + cosine) / 2. RESP2 has them as text. */
    private static Map<String, Double> cosines(List<Object> reply) {
        List<?> flat = reply.size() == 1 && reply.get(0) instanceof List<?> nested ? nested : reply;
        Map<String, Double> cosines = new LinkedHashMap<>();
        for (int i = 0; i + 1 < flat.size(); i += 2) {
            Object score = flat.get(i + 1);
            double number =
                    score instanceof Number exact ? exact.doubleValue() : Double.parseDouble(Script.text(score));
            cosines.put(Script.text(flat.get(i)), 2 * number - 1);
        }
        return cosines;
    }

    private Mono<List<Neighbour>> read(String digest, String key, Asked asked, Map<String, Double> cosines) {
        return READ.run(
                        redis,
                        new String[] {key, keys.semantic(digest, "refused:" + asked.id())},
                        cosines.keySet().stream().map(Script::bytes).toArray(byte[][]::new))
                .map(reply -> neighbours(reply, cosines));
    }

    private static List<Neighbour> neighbours(List<Object> reply, Map<String, Double> cosines) {
        Set<String> reported = Neighbour.reports(reply.get(0));
        List<Neighbour> found = new ArrayList<>();
        for (int i = 1; i < reply.size(); i += 3) {
            String key = Script.text(reply.get(i + 2));
            double cosine = cosines.getOrDefault(Script.text(reply.get(i)), -1.0);
            found.add(new Neighbour(Script.text(reply.get(i + 1)), key, cosine, reported.contains(key)));
        }
        found.sort(Comparator.comparingDouble(Neighbour::cosine).reversed());
        return found;
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
