package dev.parley.redis;

import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.event.ClusterTopologyChangedEvent;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The layout of a cluster as Lettuce knows it now: which master has which slot. Never blocks. Empty until the cluster was reached. */
final class ClusterMasters {

    private static final Logger LOG = LoggerFactory.getLogger(ClusterMasters.class);

    private static final int REACHED_AT_ONCE = 16;
    private static final Duration REFRESH_APART = Duration.ofMillis(500);

    private final RedisClusterClient client;
    private final AtomicLong refreshedAt = new AtomicLong(System.nanoTime() - REFRESH_APART.toNanos());
    private volatile boolean known;

    ClusterMasters(RedisClusterClient client) {
        this.client = client;
    }

    /** Loads the layout from the configured nodes if none is known yet: before that Lettuce can't connect, or would block to. */
    Mono<Void> learn() {
        return Mono.defer(() -> known
                ? Mono.empty()
                : Mono.fromCompletionStage(client::refreshPartitionsAsync).doOnSuccess(done -> known = true));
    }

    List<RedisClusterNode> nodes() {
        return known
                ? client.getPartitions().stream()
                        .filter(node -> node.getRole().isUpstream() && !node.hasNoSlots())
                        .toList()
                : List.of();
    }

    /** Each master's name and one of its slots. */
    Map<String, Integer> slots() {
        Map<String, Integer> slots = new LinkedHashMap<>();
        nodes().forEach(node -> IntStream.range(0, SlotHash.SLOT_COUNT)
                .filter(node::hasSlot)
                .findFirst()
                .ifPresent(slot -> slots.put(name(node), slot)));
        return slots;
    }

    @Nullable
    String of(String key) {
        return of(SlotHash.getSlot(key));
    }

    @Nullable
    String of(int slot) {
        RedisClusterNode node = nodeOf(slot);
        return node == null ? null : name(node);
    }

    @Nullable
    RedisClusterNode nodeOf(String key) {
        return nodeOf(SlotHash.getSlot(key));
    }

    private @Nullable RedisClusterNode nodeOf(int slot) {
        return known ? client.getPartitions().getMasterBySlot(slot) : null;
    }

    /**
     * Makes the connections that a cluster connection would make only when it first needs them, and until then reject commands. It connects
     * to all masters, and to all other nodes, because a master redirects to a node that was just promoted or given a slot. Connections to
     * other nodes, and those missing after a change of the cluster, are made in the background.
     *
     * @return completes when the connections to the masters are open or have failed
     */
    Mono<Void> reach(StatefulRedisClusterConnection<?, ?> connection) {
        Disposable unused = changes()
                .map(change -> true)
                .startWith(true)
                .takeWhile(change -> connection.isOpen())
                // A hanging node must not delay the next round to the others until its attempt times out.
                .flatMap(change -> reach(connection, List.copyOf(client.getPartitions())), REACHED_AT_ONCE)
                .subscribe();
        return reach(connection, nodes());
    }

    private static Mono<Void> reach(StatefulRedisClusterConnection<?, ?> connection, List<RedisClusterNode> nodes) {
        return Flux.fromIterable(nodes)
                .flatMap(
                        node -> Mono.fromCompletionStage(() -> connection.getConnectionAsync(
                                        node.getUri().getHost(), node.getUri().getPort()))
                                .onErrorResume(e -> {
                                    LOG.debug("{} can't be reached yet: {}", name(node), Redis.rootMessage(e));
                                    return Mono.empty();
                                }),
                        REACHED_AT_ONCE)
                .then();
    }

    static String name(RedisClusterNode node) {
        return node.getUri().getHost() + ":" + node.getUri().getPort();
    }

    Flux<?> changes() {
        return client.getResources().eventBus().get().ofType(ClusterTopologyChangedEvent.class);
    }

    /** Reads the layout again, twice a second at most, however many callers request it. */
    void refresh() {
        long now = System.nanoTime();
        long before = refreshedAt.get();
        if (known && now - before >= REFRESH_APART.toNanos() && refreshedAt.compareAndSet(before, now)) {
            var unused = client.refreshPartitionsAsync().whenComplete((done, error) -> {
                if (error != null) {
                    LOG.debug("The layout of the cluster could not be read: {}", Redis.rootMessage(error));
                }
            });
        }
    }
}
