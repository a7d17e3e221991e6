package dev.parley.redis;

import io.lettuce.core.RedisURI;
import java.util.Arrays;
import java.util.List;

/** The address and layout of Redis. A value: nothing is connected. */
public sealed interface RedisTopology {

    String CLUSTER_SCHEME = "redis-cluster://";
    String CLUSTER_TLS_SCHEME = "rediss-cluster://";

    /** Whether live messages use sharded Pub/Sub, and the keys of a script must share a slot. */
    default boolean sharded() {
        return false;
    }

    /** The configured database number; 0 by default. */
    int database();

    record Standalone(RedisURI uri) implements RedisTopology {
        @Override
        public int database() {
            return uri.getDatabase();
        }
    }

    record Sentinel(RedisURI uri) implements RedisTopology {
        @Override
        public int database() {
            return uri.getDatabase();
        }
    }

    record Cluster(List<RedisURI> seeds) implements RedisTopology {
        public Cluster {
            seeds = List.copyOf(seeds);
        }

        @Override
        public boolean sharded() {
            return true;
        }

        @Override
        public int database() {
            return seeds.stream().mapToInt(RedisURI::getDatabase).max().orElse(0);
        }
    }

    /**
     * Reads {@code redis[s]://[user:password@]host[:port][/db]}, {@code redis[s]-sentinel://host[:port][,…]/[db]#master} or
     * {@code redis[s]-cluster://[user:password@]host[:port][,…]}.
     *
     * @throws IllegalArgumentException when it is none of these
     */
    static RedisTopology parse(String uri) {
        if (uri.startsWith(CLUSTER_SCHEME)) {
            return cluster("redis://", uri.substring(CLUSTER_SCHEME.length()));
        }
        if (uri.startsWith(CLUSTER_TLS_SCHEME)) {
            return cluster("rediss://", uri.substring(CLUSTER_TLS_SCHEME.length()));
        }
        RedisURI parsed = RedisURI.create(uri);
        return parsed.getSentinels().isEmpty() ? new Standalone(parsed) : new Sentinel(parsed);
    }

    private static Cluster cluster(String scheme, String rest) {
        int at = rest.lastIndexOf('@') + 1;
        String credentials = rest.substring(0, at);
        return new Cluster(Arrays.stream(rest.substring(at).split(",", -1))
                .map(host -> RedisURI.create(scheme + credentials + host))
                .toList());
    }
}
