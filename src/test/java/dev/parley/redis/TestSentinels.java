package dev.parley.redis;

import dev.parley.support.Await;
import io.lettuce.core.RedisException;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.cluster.api.sync.RedisClusterCommands;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * One master, two replicas, and three sentinels that call it dead after two seconds. After half a second, on a machine with much else to do,
 * they took each new master for dead before it had answered their first question, and made another one, and both were written to.
 */
public final class TestSentinels implements TestTopology {

    private static final String NAME = "parley";
    private static final String SYNC_AT_ONCE = "repl-diskless-sync-delay 0";

    private final ServerLooks looks = new ServerLooks();
    private final List<EmbeddedRedis> servers = new ArrayList<>();
    private final List<EmbeddedRedis> sentinels = new ArrayList<>();
    private final StatefulRedisConnection<String, String> connection;

    private TestSentinels() {
        EmbeddedRedis master = EmbeddedRedis.start(0, List.of(SYNC_AT_ONCE));
        servers.add(master);
        for (int i = 0; i < 2; i++) {
            servers.add(EmbeddedRedis.start(0, List.of(SYNC_AT_ONCE, "replicaof 127.0.0.1 " + master.port())));
        }
        Await.until(
                "the replicas are in step", () -> servers.subList(1, 3).stream().allMatch(looks::inStep));
        for (int i = 0; i < 3; i++) {
            sentinels.add(EmbeddedRedis.startSentinel(List.of(
                    "sentinel monitor " + NAME + " 127.0.0.1 " + master.port() + " 2",
                    "sentinel down-after-milliseconds " + NAME + " 2000",
                    "sentinel failover-timeout " + NAME + " 10000")));
        }
        Await.until(
                "the sentinels know them all",
                () -> sentinels.stream()
                        .allMatch(
                                sentinel -> looks.at(sentinel).info("sentinel").contains("slaves=2,sentinels=3")));
        connection = looks.connect(uri());
    }

    public static TestSentinels start() {
        return new TestSentinels();
    }

    @Override
    public String uri() {
        return sentinels.stream()
                .map(sentinel -> "127.0.0.1:" + sentinel.port())
                .collect(Collectors.joining(",", "redis-sentinel://", "/#" + NAME));
    }

    @Override
    public RedisClusterCommands<String, String> commands() {
        return connection.sync();
    }

    @Override
    public List<EmbeddedRedis> servers() {
        return servers;
    }

    @Override
    public EmbeddedRedis masterOf(String key) {
        return servers.stream().filter(this::isMaster).findFirst().orElseThrow();
    }

    private boolean isMaster(EmbeddedRedis server) {
        try {
            return server.running() && looks.at(server).info("replication").contains("role:master");
        } catch (RedisException e) {
            return false; // the sentinels cut its clients off while they promote it
        }
    }

    @Override
    public List<EmbeddedRedis> replicasOf(EmbeddedRedis master) {
        return servers.stream()
                .filter(server -> server != master && server.running())
                .toList();
    }

    @Override
    public RedisCommands<String, String> at(EmbeddedRedis server) {
        return looks.at(server);
    }

    @Override
    public void awaitSuccessor(String key, EmbeddedRedis dead) {
        Await.until("a replica is promoted", () -> servers.stream().anyMatch(this::isMaster));
    }

    @Override
    public long failovers() {
        return sentinels.stream()
                .mapToLong(sentinel -> looks.configEpoch(sentinel, NAME))
                .max()
                .orElseThrow();
    }

    @Override
    public void close() {
        looks.close();
        sentinels.forEach(EmbeddedRedis::kill);
        servers.forEach(EmbeddedRedis::kill);
    }
}
