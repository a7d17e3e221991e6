package dev.parley.redis;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The masters of a cluster. A sharded channel is subscribed to on the master of its slot, over one connection per master. Lettuce's cluster
 * connection does not move subscriptions with their slots. It also subscribes again to all channels of a node in one command, which Redis
 * rejects when they have different slots.
 */
record ClusterShards(ClusterMasters masters, RedisClient listening) implements PubSubRouting {

    @Override
    public @Nullable String of(String channel) {
        return masters.of(channel);
    }

    @Override
    public Mono<StatefulRedisPubSubConnection<String, byte[]>> connect(String shard) {
        return Mono.defer(() -> masters.nodes().stream()
                .filter(node -> ClusterMasters.name(node).equals(shard))
                .findFirst()
                .map(node -> connect(listening, node))
                .orElseGet(() -> Mono.error(new IllegalStateException(shard + " is not a master of the cluster now"))));
    }

    @Override
    public Flux<?> changes() {
        return masters.changes();
    }

    @Override
    public void refresh() {
        masters.refresh();
    }

    @Override
    public boolean sharded() {
        return true;
    }

    private static Mono<StatefulRedisPubSubConnection<String, byte[]>> connect(
            RedisClient listening, RedisClusterNode node) {
        RedisURI uri = node.getUri();
        return Mono.fromCompletionStage(() -> listening.connectPubSubAsync(Connector.CHANNELS, uri));
    }

    /**
     * Routes broadcast channels, which any master serves. Each attempt tries the next master, so a hanging one is not tried twice in a row.
     */
    static final class Any implements PubSubRouting {

        private static final String ANY = "any";

        private final ClusterMasters masters;
        private final RedisClient listening;
        private final AtomicInteger next =
                new AtomicInteger(ThreadLocalRandom.current().nextInt(1 << 20));

        Any(ClusterMasters masters, RedisClient listening) {
            this.masters = masters;
            this.listening = listening;
        }

        @Override
        public String of(String channel) {
            return ANY;
        }

        @Override
        public Mono<StatefulRedisPubSubConnection<String, byte[]>> connect(String shard) {
            return Mono.defer(() -> {
                List<RedisClusterNode> nodes = masters.nodes();
                return nodes.isEmpty()
                        ? Mono.error(new IllegalStateException("the cluster has not been reached yet"))
                        : ClusterShards.connect(
                                listening, nodes.get(Math.floorMod(next.getAndIncrement(), nodes.size())));
            });
        }
    }
}
