package dev.parley.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.postgres.TestPostgres;
import dev.parley.support.Await;
import dev.parley.support.Patience;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many agents append to their sessions, two nodes archive them together, and Redis is killed in the middle and comes back. */
final class SessionsUnderFireIT {

    private static final Duration ARCHIVED_WITHIN = Duration.ofSeconds(60);
    private static final int PATIENCE_SECONDS = 60;

    private final SessionAgent.Tries tries = new SessionAgent.Tries();
    private final ScheduledExecutorService later = Executors.newScheduledThreadPool(2, work -> {
        Thread thread = new Thread(work, "agents-later");
        thread.setDaemon(true);
        return thread;
    });

    @TempDir
    private Path directory;

    @AfterEach
    void stop() {
        var unused = later.shutdownNow();
    }

    @Test
    void twoHundredSessions() throws Exception {
        play(200, Duration.ofSeconds(12), 500);
    }

    @Test
    @Tag("chaos")
    void aThousandSessionsForAMinute() throws Exception {
        play(1_000, Duration.ofSeconds(60), 1_000);
    }

    /** @param paceMillis between two messages of a session, on average */
    private void play(int sessions, Duration time, int paceMillis) throws Exception {
        String postgres = TestPostgres.newDatabase();
        try (Stage stage = new Stage(directory, true)) {
            stage.set("postgres.url", postgres);
            stage.set("postgres.username", "postgres");
            stage.startNodes(2);
            List<SessionAgent> agents = agents(stage, sessions, paceMillis);
            all(agents.stream().map(SessionAgent::start).toList());

            Await.pass(time.dividedBy(2));
            stage.redis().kill();
            Await.pass(Duration.ofSeconds(1));
            stage.redis().restart();
            Await.pass(time.dividedBy(2));

            Map<String, List<Integer>> told = finish(agents);
            long finished = System.nanoTime();
            boolean archived = Await.holds(
                    ARCHIVED_WITHIN,
                    () -> SessionVerdict.of(postgres, told).recorded()
                            >= told.values().stream().mapToInt(List::size).sum());
            Duration took = Duration.ofNanos(System.nanoTime() - finished);
            SessionVerdict verdict = SessionVerdict.of(postgres, told);
            Stage.report("sessions, Redis SIGKILL, data kept | %s | %s | all archived %s | seed %s"
                    .formatted(
                            verdict,
                            tries,
                            archived ? took.toMillis() + " ms after the last answer" : "NEVER",
                            stage.seed()));
            verdict.assertRecordIsWhole();
            assertThat(tries.refused().sum() + tries.unanswered().sum())
                    .as("tries while Redis was away")
                    .isPositive();
        }
    }

    private List<SessionAgent> agents(Stage stage, int sessions, int paceMillis) {
        return IntStream.range(0, sessions)
                .mapToObj(i -> new SessionAgent(
                        "fire-" + i, stage.nodes(), new Random(stage.random().nextLong()), later, paceMillis, tries))
                .toList();
    }

    private static Map<String, List<Integer>> finish(List<SessionAgent> agents) throws Exception {
        all(agents.stream().map(SessionAgent::finish).toList());
        Map<String, List<Integer>> told = new LinkedHashMap<>();
        for (SessionAgent agent : agents) {
            told.put(agent.conversation(), agent.finish().get());
        }
        return told;
    }

    private static void all(List<? extends CompletableFuture<?>> futures) throws Exception {
        CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new))
                .get(Patience.ofSeconds(PATIENCE_SECONDS).toMillis(), TimeUnit.MILLISECONDS);
    }
}
