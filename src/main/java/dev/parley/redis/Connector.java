package dev.parley.redis;

import io.lettuce.core.AbstractRedisClient;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.reactive.RedisClusterReactiveCommands;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.resource.ClientResources;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Connects to one topology. Lazy: each subscription is one attempt. */
interface Connector {

    RedisCodec<String, byte[]> CODEC = RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE);

    /** The codec of Pub/Sub connections. */
    RedisCodec<String, byte[]> CHANNELS = new ChannelCodec();

    /** The name of the only server of a standalone topology. */
    String ONE = "redis";

    /** A connection with the one command type of all topologies. */
    record Link(StatefulConnection<String, byte[]> connection, RedisClusterReactiveCommands<String, byte[]> commands) {}

    /** The shared connection, which reconnects by itself. */
    Mono<Link> connect();

    /** Opens a connection to the server that has a key. It does not reconnect: blocked commands fail when it is lost. */
    Mono<Link> connectTo(String key);

    /** Routes the live channels of conversations. */
    PubSubRouting live();

    /** Routes broadcast channels. */
    PubSubRouting broadcast();

    /** Each master's name and a slot that it serves; none while the cluster has not been reached. */
    Map<String, Integer> masters();

    /** The name of the master that has a key; null while no master serves it. */
    @Nullable
    String masterOf(String key);

    /** The name of the master that has a slot; null while no master serves it. */
    @Nullable
    String masterOf(int slot);

    /** The clients to shut down. */
    List<AbstractRedisClient> clients();

    static Connector of(RedisTopology topology, String clientName, RedisSettings settings, ClientResources resources) {
        // Listening and blocking connections do not reconnect by themselves. Their users begin again in the same way
        // after a loss, a silent connection and a change of the cluster.
        RedisClient listening = new ReactiveClient(resources);
        listening.setOptions(LettuceOptions.waiting(settings));
        if (topology instanceof RedisTopology.Standalone standalone) {
            return single(named(standalone.uri(), clientName, settings), settings, resources, listening);
        }
        if (topology instanceof RedisTopology.Sentinel sentinel) {
            return single(named(sentinel.uri(), clientName, settings), settings, resources, listening);
        }
        List<RedisURI> seeds = ((RedisTopology.Cluster) topology)
                .seeds().stream().map(uri -> named(uri, clientName, settings)).toList();
        return cluster(seeds, settings, resources, listening);
    }

    /** Standalone and Sentinel differ only in their URI: Lettuce asks the sentinels at every (re)connect. */
    private static Connector single(
            RedisURI named, RedisSettings settings, ClientResources resources, RedisClient listening) {
        RedisClient client = new ReactiveClient(resources);
        client.setOptions(LettuceOptions.client(settings));
        PubSubRouting one = new PubSubRouting() {
            @Override
            public String of(String channel) {
                return ONE;
            }

            @Override
            public Mono<StatefulRedisPubSubConnection<String, byte[]>> connect(String shard) {
                return Mono.fromCompletionStage(() -> listening.connectPubSubAsync(CHANNELS, named));
            }
        };
        return new Connector() {
            @Override
            public Mono<Link> connect() {
                return Mono.fromCompletionStage(() -> client.connectAsync(CODEC, named))
                        .map(connection -> new Link(connection, connection.reactive()));
            }

            @Override
            public Mono<Link> connectTo(String key) {
                return Connector.link(listening, named);
            }

            @Override
            public PubSubRouting live() {
                return one;
            }

            @Override
            public PubSubRouting broadcast() {
                return one;
            }

            @Override
            public Map<String, Integer> masters() {
                return Map.of(ONE, 0);
            }

            @Override
            public String masterOf(String key) {
                return ONE;
            }

            @Override
            public String masterOf(int slot) {
                return ONE;
            }

            @Override
            public List<AbstractRedisClient> clients() {
                return List.of(client, listening);
            }
        };
    }

    private static Connector cluster(
            List<RedisURI> seeds, RedisSettings settings, ClientResources resources, RedisClient listening) {
        RedisClusterClient client = RedisClusterClient.create(resources, seeds);
        client.setOptions(LettuceOptions.cluster(settings));
        ClusterMasters masters = new ClusterMasters(client);
        return new Connector() {
            @Override
            public Mono<Link> connect() {
                return masters.learn()
                        .then(Mono.fromCompletionStage(() -> client.connectAsync(CODEC)))
                        .flatMap(connection ->
                                masters.reach(connection).thenReturn(new Link(connection, connection.reactive())));
            }

            @Override
            public Mono<Link> connectTo(String key) {
                return Mono.defer(() -> {
                    RedisClusterNode node = masters.nodeOf(key);
                    return node == null
                            ? Mono.error(new IllegalStateException("no master serves " + key + " now"))
                            : Connector.link(listening, node.getUri());
                });
            }

            @Override
            public PubSubRouting live() {
                return new ClusterShards(masters, listening);
            }

            @Override
            public PubSubRouting broadcast() {
                return new ClusterShards.Any(masters, listening);
            }

            @Override
            public Map<String, Integer> masters() {
                return masters.slots();
            }

            @Override
            public @Nullable String masterOf(String key) {
                return masters.of(key);
            }

            @Override
            public @Nullable String masterOf(int slot) {
                return masters.of(slot);
            }

            @Override
            public List<AbstractRedisClient> clients() {
                return List.of(client, listening);
            }
        };
    }

    private static Mono<Link> link(RedisClient client, RedisURI uri) {
        return Mono.fromCompletionStage(() -> client.connectAsync(CODEC, uri))
                .map(connection -> new Link(connection, connection.reactive()));
    }

    /** Sets the name in place, because Lettuce's copying builder loses the sentinels. */
    private static RedisURI named(RedisURI uri, String clientName, RedisSettings settings) {
        uri.setClientName(clientName);
        uri.setTimeout(settings.commandTimeout());
        return uri;
    }
}
