package dev.parley.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.support.Await;
import dev.parley.support.Patience;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens to nodes. */
final class NodeFaultsIT {

    private static final String STREAMED = "parley_ingest_streamed_total";
    private static final Duration DEFAULT_LEASE = Duration.ofSeconds(5);

    @TempDir
    private Path directory;

    @Test
    void aReaderIsKilledAndAnotherNodeTakesOver() {
        takeOver(Stage.LEASE);
    }

    @Test
    @Tag("chaos")
    void aReaderIsKilledAndAnotherNodeTakesOverWithinTheDefaultLeaseAndASecond() {
        takeOver(DEFAULT_LEASE);
    }

    private void takeOver(Duration lease) {
        try (Stage stage = new Stage(directory, true)) {
            stage.set("ingest.lease", lease.toMillis() + "ms");
            stage.play(2);
            Node reader = stage.nodes().named(stage.reader());
            stage.nodes().remove(reader);
            long killed = System.nanoTime();
            reader.kill();
            Await.within(lease.plusSeconds(5), "another reader", () -> {
                String holder = stage.holder();
                return holder != null && !holder.equals(reader.name());
            });
            Duration took = Duration.ofNanos(System.nanoTime() - killed);
            stage.work(500);
            stage.quiet("node SIGKILL, lease " + lease.toSeconds() + " s", "take-over in " + took.toMillis() + " ms")
                    .assertNothingLost();
            assertThat(took).isLessThan(lease.plus(Patience.ofSeconds(1)));
        }
    }

    @Test
    @Tag("chaos")
    void aReaderThatWakesAfterThirtySecondsReadsNoMore() {
        readsNoMoreAfter(Duration.ofSeconds(30), Stage.LEASE);
    }

    /**
     * So soon that none of its commands has timed out: it goes on where it was stopped, and only its lease is gone. That is not so short
     * that the other node loses it on a busy machine, too.
     */
    @Test
    @Tag("chaos")
    void aReaderThatWakesBeforeItsCommandsTimeOutReadsNoMore() {
        readsNoMoreAfter(Duration.ofSeconds(4), Duration.ofSeconds(2));
    }

    private void readsNoMoreAfter(Duration pause, Duration lease) {
        try (Stage stage = new Stage(directory, true)) {
            stage.set("ingest.lease", lease.toMillis() + "ms");
            stage.play(2);
            Node reader = stage.nodes().named(stage.reader());
            reader.pause();
            Await.pass(pause);
            String other = stage.reader();
            assertThat(other).isNotEqualTo(reader.name());
            reader.resume();
            Await.within(Duration.ofSeconds(10), "the woken node to be ready", reader::ready);
            // The batch that was at hand when it was stopped: it is refused, or was not in the log yet.
            stage.work(500);
            long woken = reader.metric(STREAMED);
            stage.work(1_500);
            assertThat(stage.reader()).isEqualTo(other);
            assertThat(reader.metric(STREAMED)).isEqualTo(woken);
            stage.quiet("reader SIGSTOP for " + pause.toSeconds() + " s", "").assertNothingLost();
        }
    }

    @Test
    void aNodeIsStoppedWhileWhatItHasQueuedWaitsForRedis() {
        try (Stage stage = new Stage(directory, true)) {
            stage.play(1);
            long before = stage.queued();
            stage.redis().kill();
            stage.fill(500);
            Node node = stage.nodes().get(0);
            node.stop();
            long queued = stage.queued() - before;
            long spilled = stage.spilled(node);
            stage.redis().restart();
            stage.startAgain(node);
            stage.work(500);
            stage.quiet("SIGTERM with a filled queue, Redis away", spilled + " events in the spill file")
                    .assertNothingLost();
            assertThat(spilled).isGreaterThanOrEqualTo(queued);
        }
    }

    @Test
    @Tag("chaos")
    void aRollingRestartUnderLoadLosesNothing() {
        try (Stage stage = new Stage(directory, true)) {
            stage.set("shutdown.drain", "3s");
            stage.play(2);
            for (int i = 0; i < 2; i++) {
                Node old = stage.nodes().get(0);
                Node fresh = stage.startNode();
                // Publishers are still sent there: what it accepts until its end must not be lost.
                old.stop();
                stage.nodes().remove(old);
                assertThat(fresh.ready()).isTrue();
                stage.work(500);
            }
            stage.quiet("rolling restart of two nodes", "").assertNothingLost();
        }
    }
}
