package dev.parley.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Servers of the embedded binary in one layout, which end with {@link #close}; their directories go with them. */
public interface TestTopology extends TestServer {

    /** Every server that holds data. */
    List<EmbeddedRedis> servers();

    /** The one that has a key now. */
    EmbeddedRedis masterOf(String key);

    /** Kills the master of a key (SIGKILL) and blocks until another one has taken its place. */
    void failOver(String key);

    static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited 30 s: %s", what).isLessThan(deadline);
            LockSupport.parkNanos(20_000_000);
        }
    }
}
