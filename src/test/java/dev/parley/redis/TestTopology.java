package dev.parley.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.cluster.api.sync.RedisClusterCommands;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Servers of the embedded binary in one layout, which end with {@link #close}; their directories go with them. */
public interface TestTopology extends AutoCloseable {

    /** As {@code parley.redis.uri} has it. */
    String uri();

    /** Blocking commands, as an agent or an operator would send them. */
    RedisClusterCommands<String, String> commands();

    /** Every server that holds data. */
    List<EmbeddedRedis> servers();

    /** The one that has a key now. */
    EmbeddedRedis masterOf(String key);

    /** Kills the master of a key (SIGKILL) and blocks until another one has taken its place. */
    void failOver(String key);

    @Override
    void close();

    /** The gateway's own way to it; the caller closes it. */
    default Redis connect() {
        Redis redis = new Redis(RedisTopology.parse(uri()), RedisSettings.defaults("test"));
        redis.open();
        assertThat(redis.up().filter(now -> now).blockFirst(Duration.ofSeconds(10)))
                .isTrue();
        return redis;
    }

    static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited 30 s: %s", what).isLessThan(deadline);
            LockSupport.parkNanos(20_000_000);
        }
    }
}
