package dev.parley.chaos;

import dev.parley.support.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens to sockets. */
@Tag("chaos")
final class SocketFaultsIT {

    private static final int STORM = 2_000;

    @TempDir
    private Path directory;

    @Test
    void twoThousandSocketsComeBackAtOnce() {
        try (Stage stage = new Stage(directory, true)) {
            stage.startNodes(2);
            stage.follow(STORM);
            stage.publish(2, Duration.ofMillis(50));
            stage.work(100);
            long cut = System.nanoTime();
            stage.followers().forEach(Follower::cut);
            stage.awaitFollowing();
            Duration took = Duration.ofNanos(System.nanoTime() - cut);
            stage.work(100);
            stage.quiet("2,000 sockets cut at once", "all back in " + took.toMillis() + " ms")
                    .assertNothingLost();
        }
    }

    @Test
    void socketsAreKilledAtRandomForTwoMinutes() {
        try (Stage stage = new Stage(directory, true)) {
            stage.play(2);
            int killed = 0;
            for (int round = 0; round < 8; round++) {
                List<Follower> all = stage.followers();
                for (Follower follower : all) {
                    if (stage.random().nextInt(3) == 0) {
                        follower.cut();
                        killed++;
                    }
                }
                Await.pass(Duration.ofSeconds(15));
            }
            stage.work(500);
            stage.quiet("sockets killed every 15 s for 2 min", killed + " killed")
                    .assertNothingLost();
        }
    }
}
