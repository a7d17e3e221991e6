package dev.parley.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.app.Relay;
import io.lettuce.core.FlushMode;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What happens to Redis, and to the way there. */
@Timeout(180)
final class RedisFaultsIT {

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
}
