package dev.parley.redis;

import io.lettuce.core.AbstractRedisClient;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.reactive.RedisClusterReactiveCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.resource.ClientResources;
import reactor.core.publisher.Mono;

/** Connects to one topology. Lazy: each subscription is an attempt. */
interface Connector {

    RedisCodec<String, byte[]> CODEC = RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE);

    /** A connection with the one command type of all topologies. */
    record Link(StatefulConnection<String, byte[]> connection, RedisClusterReactiveCommands<String, byte[]> commands) {}

    Mono<Link> connect();

    Mono<StatefulRedisPubSubConnection<String, byte[]>> connectPubSub();

    AbstractRedisClient client();

    static Connector of(RedisTopology topology, RedisSettings settings, ClientResources resources) {
        if (topology instanceof RedisTopology.Standalone standalone) {
            return single(standalone.uri(), settings, resources);
        }
        if (topology instanceof RedisTopology.Sentinel sentinel) {
            return single(sentinel.uri(), settings, resources);
        }
        return cluster((RedisTopology.Cluster) topology, settings, resources);
    }

    /** Standalone and Sentinel differ in their URI only: Lettuce asks the sentinels at every (re)connect. */
    private static Connector single(RedisURI uri, RedisSettings settings, ClientResources resources) {
        RedisClient client = RedisClient.create(resources);
        client.setOptions(Options.client(settings));
        RedisURI named = named(uri, settings);
        return new Connector() {
            @Override
            public Mono<Link> connect() {
                return Mono.fromCompletionStage(() -> client.connectAsync(CODEC, named))
                        .map(connection -> new Link(connection, connection.reactive()));
            }

            @Override
            public Mono<StatefulRedisPubSubConnection<String, byte[]>> connectPubSub() {
                return Mono.fromCompletionStage(() -> client.connectPubSubAsync(CODEC, named));
            }

            @Override
            public AbstractRedisClient client() {
                return client;
            }
        };
    }

    private static Connector cluster(RedisTopology.Cluster cluster, RedisSettings settings, ClientResources resources) {
        RedisClusterClient client = RedisClusterClient.create(
                resources,
                cluster.seeds().stream().map(uri -> named(uri, settings)).toList());
        client.setOptions(Options.cluster(settings));
        return new Connector() {
            @Override
            public Mono<Link> connect() {
                return Mono.fromCompletionStage(() -> client.connectAsync(CODEC))
                        .map(connection -> new Link(connection, connection.reactive()));
            }

            @Override
            public Mono<StatefulRedisPubSubConnection<String, byte[]>> connectPubSub() {
                return Mono.fromCompletionStage(() -> client.connectPubSubAsync(CODEC))
                        .map(connection -> connection);
            }

            @Override
            public AbstractRedisClient client() {
                return client;
            }
        };
    }

    /** Sets the name in place: Lettuce's copying builder forgets the sentinels. */
    private static RedisURI named(RedisURI uri, RedisSettings settings) {
        uri.setClientName(settings.clientName());
        uri.setTimeout(settings.commandTimeout());
        return uri;
    }
}
