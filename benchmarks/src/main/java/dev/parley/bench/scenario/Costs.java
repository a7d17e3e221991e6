package dev.parley.bench.scenario;

import dev.parley.bench.result.Round;

/** How busy the one thread is that makes the load and reads what comes, from some moment on. */
final class ClientThread {

    /** Above this share of its time the client is what is measured. */
    private static final double TOO_BUSY = 0.9;

    /** What is shorter says nothing: a few packets fill it. */
    private static final double LONG_ENOUGH_S = 0.5;

    private final Stage stage;
    private final long startNanos = System.nanoTime();
    private final double startSeconds;

    private ClientThread(Stage stage) {
        this.stage = stage;
        this.startSeconds = stage.loopSeconds();
    }

    static ClientThread from(Stage stage) {
        return new ClientThread(stage);
    }

    /** Says how busy it has been until now, and that the round does not count when that was too much. */
    void report(Round round) {
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        double busy = (stage.loopSeconds() - startSeconds) / seconds;
        round.put("client_thread_busy", busy);
        if (busy > TOO_BUSY && seconds > LONG_ENOUGH_S) {
            round.problem(
                    "the client was the bottleneck: its thread was busy for %.0f %% of the time".formatted(busy * 100));
        }
    }
}
