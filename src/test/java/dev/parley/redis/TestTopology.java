package dev.parley.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.KillArgs;
import io.lettuce.core.api.sync.RedisCommands;
import java.util.List;

/** Servers of the embedded binary in one layout, which end with {@link #close}; their directories go with them. */
public interface TestTopology extends TestServer {

    /** Every server that holds data. */
    List<EmbeddedRedis> servers();

    /** The one that has a key now. */
    EmbeddedRedis masterOf(String key);

    /** Those that copy it. */
    List<EmbeddedRedis> replicasOf(EmbeddedRedis master);

    /** A connection to one of them alone. */
    RedisCommands<String, String> at(EmbeddedRedis server);

    /** Kills the master of a key (SIGKILL) and blocks until another one has taken its place. */
    default void failOver(String key) {
        EmbeddedRedis master = masterOf(key);
        master.kill();
        awaitSuccessor(key, master);
    }

    /**
     * The same, and whatever is written to that master meanwhile is lost with it: its replicas are stopped (SIGSTOP) and cut off before,
     * since what the kernel had taken for them they would still read, and go on when it is dead.
     */
    default void failOverWithLoss(String key, Runnable meanwhile) {
        EmbeddedRedis master = masterOf(key);
        List<EmbeddedRedis> replicas = replicasOf(master);
        replicas.forEach(EmbeddedRedis::pause);
        try {
            assertThat(at(master).clientKill(KillArgs.Builder.typeSlave())).isEqualTo(replicas.size());
            meanwhile.run();
            master.kill();
        } finally {
            replicas.forEach(EmbeddedRedis::resume);
        }
        awaitSuccessor(key, master);
    }

    /** How often a replica has been made a master. */
    long failovers();

    /** Blocks until another one has taken the place of the master of a key. */
    void awaitSuccessor(String key, EmbeddedRedis dead);
}
