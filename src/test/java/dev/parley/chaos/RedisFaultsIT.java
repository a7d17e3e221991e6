package dev.parley.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.node.Relay;
import dev.parley.redis.TestCluster;
import dev.parley.redis.TestSentinels;
import dev.parley.redis.TestTopology;
import dev.parley.support.Await;
import dev.parley.support.Patience;
import io.lettuce.core.FlushMode;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens to Redis, and to the way there. */
final class RedisFaultsIT {

    private static final Duration BACK_WITHIN = Duration.ofSeconds(15);

    /** A master that is only slow, on a machine with much else to do, is not to be replaced. */
    private static final String PATIENT = "cluster-node-timeout 2000";

    @TempDir
    private Path directory;

    @Test
    void redisIsKilledAndComesBackWithItsData() {
        try (Stage stage = new Stage(directory, true)) {
            stage.play(1);
            for (int i = 0; i < 2; i++) {
                stage.redis().kill();
                Await.pass(Duration.ofSeconds(1));
                stage.redis().restart();
                stage.work(500);
            }
            stage.quiet("Redis SIGKILL twice, data kept", "").assertNothingLost();
        }
    }

    @Test
    @Tag("chaos")
    void redisIsKilledAndComesBackWithNothing() {
        try (Stage stage = new Stage(directory, false)) {
            stage.play(2);
            stage.redis().kill();
            Await.pass(Duration.ofSeconds(2));
            stage.redis().restart();
            stage.work(2_000);
            Verdict verdict = stage.quiet("Redis SIGKILL, data lost", "");
            verdict.assertNothingLostSilently();
            verdict.assertEverySocketWasTold();
        }
    }

    @Test
    void redisForgetsEverything() {
        try (Stage stage = new Stage(directory, true)) {
            stage.play(1);
            assertThat(stage.commands().flushall(FlushMode.SYNC)).isEqualTo("OK");
            stage.work(500);
            Verdict verdict = stage.quiet("FLUSHALL", "");
            verdict.assertNothingLostSilently();
            verdict.assertEverySocketWasTold();
        }
    }

    @Test
    @Tag("chaos")
    void redisHangsForFifteenSeconds() {
        try (Stage stage = new Stage(directory, true)) {
            stage.play(2);
            stage.redis().pause();
            Await.pass(Duration.ofSeconds(15));
            stage.redis().resume();
            stage.work(2_000);
            stage.quiet("Redis SIGSTOP for 15 s", "").assertNothingLost();
        }
    }

    @Test
    void theNetworkToRedisIsCutForTwoSeconds() {
        try (Stage stage = new Stage(directory, true);
                Relay network = Relay.to(stage.redisUri())) {
            stage.set("redis.uri", "redis://127.0.0.1:" + network.http("").getPort());
            stage.play(1);
            network.cut();
            Await.pass(Duration.ofSeconds(2));
            network.mend();
            stage.work(500);
            stage.quiet("network to Redis cut for 2 s", "").assertNothingLost();
        }
    }

    @Test
    @Tag("chaos")
    void connectionsToRedisThatSwallowWhatIsSentAreFoundWithinTenSeconds() {
        try (Stage stage = new Stage(directory, true);
                Relay network = Relay.to(stage.redisUri())) {
            stage.set("redis.uri", "redis://127.0.0.1:" + network.port());
            stage.play(1);
            network.swallow();
            long swallowed = System.nanoTime();
            stage.work(100);
            // What was on its way has come by now; the next ones come over new connections.
            long before = stage.shown();
            boolean found = Await.holds(Duration.ofSeconds(20), () -> stage.shown() > before + 100);
            Duration took = Duration.ofNanos(System.nanoTime() - swallowed);
            stage.work(500);
            stage.quiet("connections to Redis swallow", "found in " + took.toMillis() + " ms")
                    .assertNothingLost();
            assertThat(found).isTrue();
            assertThat(took).isLessThan(Patience.ofSeconds(10));
        }
    }

    /** No publisher gives up: what was refused is in the log as well in the end, behind what was accepted before it. */
    @Test
    void moreIsPublishedThanTheQueueHolds() {
        try (Stage stage = new Stage(directory, true)) {
            stage.set("outage.queue", "64KiB");
            stage.play(1);
            stage.redis().kill();
            stage.overflow(100);
            long queued = stage.queued();
            stage.redis().restart();
            stage.work(500);
            Verdict verdict = stage.quiet("queue of 64 KiB overflows", queued + " fitted in");
            verdict.assertNothingLost();
            assertThat(queued).isPositive();
        }
    }

    @Test
    void aSentinelFailover() {
        try (TestSentinels sentinels = TestSentinels.start()) {
            failOver("Sentinel failover", sentinels);
        }
    }

    @Test
    void theMasterOfTheStreamIsKilledInACluster() {
        try (TestCluster cluster = TestCluster.start(PATIENT)) {
            failOver("cluster master SIGKILL", cluster);
        }
    }

    @Test
    void aSentinelFailoverThatLosesWhatWasAcknowledged() {
        try (TestSentinels sentinels = TestSentinels.start()) {
            failOverWithLoss("Sentinel failover with loss", sentinels).assertEverySocketWasTold();
        }
    }

    @Test
    void aMasterOfAClusterIsLostWithWhatWasAcknowledged() {
        try (TestCluster cluster = TestCluster.start(PATIENT)) {
            Verdict verdict = failOverWithLoss("cluster failover with loss", cluster);
            assertThat(verdict.counts().toldSockets)
                    .as("sockets of the other masters' conversations are not told: %s", verdict)
                    .isLessThan(verdict.sockets());
        }
    }

    /**
     * What is acknowledged while the replicas are held back is lost with the master. One node goes on meanwhile; another one hangs from
     * before the loss until the logs have grown far past it.
     */
    private Verdict failOverWithLoss(String fault, TestTopology topology) {
        try (Stage stage = new Stage(directory, topology)) {
            stage.play(2);
            Node awake = stage.nodes().get(0);
            Node asleep = stage.nodes().get(1);
            stage.nodes().remove(asleep);
            stage.work(100);
            topology.failOverWithLoss(Stage.STREAM, () -> {
                stage.work(500);
                asleep.pause();
                stage.work(100);
            });
            Await.within(BACK_WITHIN, "the node to be ready", awake::ready);
            stage.work(1_000);
            asleep.resume();
            stage.work(500);
            Verdict verdict = stage.quiet(fault, "");
            assertOneFailover(topology);
            verdict.assertRedisLostSomething();
            verdict.assertNothingLostSilently();
            return verdict;
        }
    }

    /** Replication is asynchronous: what Redis itself has lost with the master the sockets are told of. */
    private void failOver(String fault, TestTopology topology) {
        try (Stage stage = new Stage(directory, topology)) {
            stage.play(1);
            Node node = stage.nodes().get(0);
            long killed = System.nanoTime();
            topology.failOver(Stage.STREAM);
            Duration promoted = Duration.ofNanos(System.nanoTime() - killed);
            Await.within(BACK_WITHIN, "the node to be ready", node::ready);
            Duration ready = Duration.ofNanos(System.nanoTime() - killed);
            stage.work(1_000);
            Verdict verdict = stage.quiet(
                    fault,
                    "new master after %s ms, ready after %s ms".formatted(promoted.toMillis(), ready.toMillis()));
            assertOneFailover(topology);
            verdict.assertNothingLostSilently();
            assertThat(ready).isLessThan(Patience.of(BACK_WITHIN));
        }
    }

    /** Two masters that are written to at a time are another fault: what the one has that goes, the other's sockets never hear of. */
    private static void assertOneFailover(TestTopology topology) {
        assertThat(topology.failovers())
                .as("failovers: with more than the one that was asked for this test shows nothing")
                .isOne();
    }
}
