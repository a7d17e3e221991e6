package dev.parley.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.config.TestSettings;
import dev.parley.support.Patience;
import io.lettuce.core.cluster.api.sync.RedisClusterCommands;

/** A Redis that tests have started, of whatever layout; it ends with {@link #close}. */
public interface TestServer extends AutoCloseable {

    /** As {@code parley.redis.uri} has it. */
    String uri();

    /** Blocking commands, as an agent or an operator would send them. */
    RedisClusterCommands<String, String> commands();

    @Override
    void close();

    /** The gateway's own way to it; the caller closes it. */
    default Redis connect() {
        return connect(uri());
    }

    static Redis connect(String uri) {
        Redis redis = new Redis(RedisTopology.parse(uri), "test", TestSettings.of(RedisSettings.class));
        redis.open();
        assertThat(redis.up().filter(now -> now).blockFirst(Patience.ofSeconds(10)))
                .isTrue();
        return redis;
    }
}
