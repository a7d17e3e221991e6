package dev.parley.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.cluster.api.sync.RedisClusterCommands;
import java.time.Duration;

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
        Redis redis = new Redis(RedisTopology.parse(uri), RedisSettings.defaults("test"));
        redis.open();
        assertThat(redis.up().filter(now -> now).blockFirst(Duration.ofSeconds(10)))
                .isTrue();
        return redis;
    }
}
