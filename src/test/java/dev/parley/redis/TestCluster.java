package dev.parley.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.support.Await;
import io.lettuce.core.KillArgs;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.api.sync.RedisAdvancedClusterCommands;
import io.lettuce.core.cluster.models.partitions.ClusterPartitionParser;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Three masters with a replica each, which need a second to call one of them dead. What redis-cli would do is done here. */
public final class TestCluster implements TestTopology {

    private static final int MASTERS = 3;
    private static final List<String> SETTINGS = List.of(
            "cluster-enabled yes",
            "cluster-node-timeout 1000",
            "cluster-replica-validity-factor 0",
            "repl-diskless-sync-delay 0");

    private final ServerLooks looks = new ServerLooks();
    private final List<EmbeddedRedis> servers = new ArrayList<>();
    private final RedisClusterClient client;
    private final StatefulRedisClusterConnection<String, String> connection;

    private TestCluster(List<String> more) {
        List<String> settings = Stream.concat(SETTINGS.stream(), more.stream()).toList();
        for (int i = 0; i < 2 * MASTERS; i++) {
            servers.add(EmbeddedRedis.start(0, settings));
        }
        for (int i = 0; i < servers.size(); i++) {
            looks.at(servers.get(i)).clusterSetConfigEpoch(i + 1);
            if (i > 0) {
                looks.at(servers.get(0)).clusterMeet("127.0.0.1", servers.get(i).port());
            }
        }
        Await.until(
                "all have met",
                () -> servers.stream()
                        .allMatch(server -> nodes(server).stream()
                                        .filter(node -> !node.is(RedisClusterNode.NodeFlag.HANDSHAKE))
                                        .count()
                                == servers.size()));
        for (int i = 0; i < MASTERS; i++) {
            int[] slots = IntStream.range(SlotHash.SLOT_COUNT * i / MASTERS, SlotHash.SLOT_COUNT * (i + 1) / MASTERS)
                    .toArray();
            looks.at(servers.get(i)).clusterAddSlots(slots);
            looks.at(servers.get(MASTERS + i))
                    .clusterReplicate(looks.at(servers.get(i)).clusterMyId());
        }
        Await.until(
                "the cluster is whole",
                () -> servers.stream().allMatch(this::whole)
                        && servers.subList(MASTERS, 2 * MASTERS).stream().allMatch(looks::inStep));
        client = RedisClusterClient.create(
                servers.stream().map(server -> RedisURI.create(server.uri())).toList());
        client.setOptions(ClusterClientOptions.builder()
                .topologyRefreshOptions(ClusterTopologyRefreshOptions.builder()
                        .enablePeriodicRefresh(Duration.ofMillis(500))
                        .build())
                .build());
        connection = client.connect();
        connection.setTimeout(Duration.ofSeconds(2));
    }

    /** @param more lines of redis.conf for all of its servers; a later one counts */
    public static TestCluster start(String... more) {
        return new TestCluster(List.of(more));
    }

    private List<RedisClusterNode> nodes(EmbeddedRedis at) {
        return List.copyOf(ClusterPartitionParser.parse(looks.at(at).clusterNodes()));
    }

    /** Whether it sees all slots served, and every replica as one. */
    private boolean whole(EmbeddedRedis server) {
        return looks.at(server).clusterInfo().contains("cluster_state:ok")
                && nodes(server).stream()
                                .filter(node -> node.is(RedisClusterNode.NodeFlag.REPLICA))
                                .count()
                        == MASTERS;
    }

    @Override
    public String uri() {
        return servers.stream()
                .map(server -> "127.0.0.1:" + server.port())
                .collect(Collectors.joining(",", "redis-cluster://", ""));
    }

    @Override
    public RedisAdvancedClusterCommands<String, String> commands() {
        return connection.sync();
    }

    @Override
    public List<EmbeddedRedis> servers() {
        return servers;
    }

    @Override
    public EmbeddedRedis masterOf(String key) {
        int slot = SlotHash.getSlot(key);
        EmbeddedRedis any =
                servers.stream().filter(EmbeddedRedis::running).findFirst().orElseThrow();
        // While its replica is being promoted, the one that has failed is still the slot's.
        int port = nodes(any).stream()
                .filter(node -> node.hasSlot(slot))
                .findFirst()
                .orElseThrow()
                .getUri()
                .getPort();
        return servers.stream()
                .filter(server -> server.port() == port)
                .findFirst()
                .orElseThrow();
    }

    @Override
    public RedisCommands<String, String> at(EmbeddedRedis server) {
        return looks.at(server);
    }

    @Override
    public void awaitSuccessor(String key, EmbeddedRedis dead) {
        Await.until(
                "its replica is promoted",
                () -> masterOf(key) != dead
                        && servers.stream()
                                .filter(EmbeddedRedis::running)
                                .allMatch(
                                        server -> looks.at(server).clusterInfo().contains("cluster_state:ok")));
    }

    @Override
    public long failovers() {
        return servers.subList(MASTERS, 2 * MASTERS).stream()
                .filter(EmbeddedRedis::running)
                .filter(server -> looks.at(server).info("replication").contains("role:master"))
                .count();
    }

    @Override
    public List<EmbeddedRedis> replicasOf(EmbeddedRedis master) {
        return servers.stream()
                .filter(server -> server != master && server.running())
                .filter(server -> looks.at(server).info("replication").contains("master_port:" + master.port()))
                .toList();
    }

    private EmbeddedRedis replicaOf(EmbeddedRedis master) {
        return replicasOf(master).get(0);
    }

    /** Blocks until the replica of a key's master has what was written to it so far. */
    public void replicate(String key) {
        RedisCommands<String, String> master = looks.at(masterOf(key));
        assertThat(master.set(key, "written last")).isEqualTo("OK");
        assertThat(master.waitForReplication(1, 10_000)).isEqualTo(1);
    }

    /** Has the replica of a master that is away take its place. */
    public void takeOver(EmbeddedRedis away) {
        EmbeddedRedis replica = replicaOf(away);
        assertThat(looks.at(replica).clusterFailover(true, true)).isEqualTo("OK");
    }

    /** Has the master of a key and its replica change places; both live, and all know. */
    void changePlaces(String key) {
        EmbeddedRedis replica = replicaOf(masterOf(key));
        assertThat(looks.at(replica).clusterFailover(false)).isEqualTo("OK");
        awaitAllKnow(key, replica);
    }

    private void awaitAllKnow(String key, EmbeddedRedis master) {
        int slot = SlotHash.getSlot(key);
        Await.until(
                "all know",
                () -> servers.stream()
                        .filter(EmbeddedRedis::running)
                        .allMatch(server -> nodes(server).stream()
                                .filter(node -> node.hasSlot(slot))
                                .allMatch(node -> node.getUri().getPort() == master.port())));
    }

    /**
     * Moves the slot of a key, which must be empty, to another master, as {@code redis-cli --cluster reshard} does: the new one, which
     * imports, is told first. It takes a new epoch by that, so that what the old one said of itself before doesn't undo it.
     */
    void move(String key, EmbeddedRedis to) {
        int slot = SlotHash.getSlot(key);
        EmbeddedRedis from = masterOf(key);
        String id = looks.at(to).clusterMyId();
        looks.at(to).clusterSetSlotImporting(slot, looks.at(from).clusterMyId());
        looks.at(from).clusterSetSlotMigrating(slot, id);
        looks.at(to).clusterSetSlotNode(slot, id);
        looks.at(from).clusterSetSlotNode(slot, id);
        awaitAllKnow(key, to);
    }

    /** Kills the connections for Pub/Sub of one server. */
    void killListeners(EmbeddedRedis server) {
        looks.at(server).clientKill(KillArgs.Builder.typePubsub());
    }

    @Override
    public void close() {
        client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
        looks.close();
        servers.forEach(EmbeddedRedis::kill);
    }
}
