package dev.parley.bench.scenario;

import dev.parley.bench.measure.GcLog;
import dev.parley.bench.measure.Pauses;
import dev.parley.bench.measure.Usages;
import dev.parley.bench.measure.Watched.Usage;
import dev.parley.bench.result.Round;
import java.util.List;

/**
 * What all processes of a run use from some moment on, and how busy the one thread is that makes the load and reads what comes. A process
 * that cannot be watched has no figures.
 */
final class Costs {

    /** Above this share of its time the client is what is measured. */
    private static final double TOO_BUSY = 0.9;

    /** What is shorter says nothing: a few packets fill it. */
    private static final double LONG_ENOUGH_S = 0.5;

    private final Stage stage;
    private final Usages before;
    private final Pauses gatewayPauses;
    private final Pauses clientPauses = Pauses.own();
    private final double loopSeconds;

    private Costs(Stage stage, Usages before, Pauses gatewayPauses) {
        this.stage = stage;
        this.before = before;
        this.gatewayPauses = gatewayPauses;
        this.loopSeconds = stage.loopSeconds();
    }

    static Costs from(Stage stage) {
        Pauses pauses = gatewayPauses(stage);
        return new Costs(stage, Usages.now(stage.processes()), pauses);
    }

    /** Before the system is there: all that it uses counts. */
    static Costs ofStart(Stage stage) {
        return new Costs(stage, Usages.now(List.of(Stage.client())), Pauses.NONE);
    }

    private static Pauses gatewayPauses(Stage stage) {
        return stage.subject().gcLogs().stream()
                .map(GcLog::pauses)
                .map(Pauses::of)
                .reduce(Pauses.NONE, Pauses::plus);
    }

    /** All of it. */
    Usages report(Round round) {
        client(round);
        return processes(round);
    }

    /** Says how busy the client has been until now, and that the round does not count when that was too much. */
    void client(Round round) {
        double seconds = (System.nanoTime() - before.nanos()) / 1e9;
        double busy = (stage.loopSeconds() - loopSeconds) / seconds;
        round.put("client_thread_busy", busy);
        if (busy > TOO_BUSY && seconds > LONG_ENOUGH_S) {
            round.problem(
                    "the client was the bottleneck: its thread was busy for %.0f %% of the time".formatted(busy * 100));
        }
    }

    /** Says what each process has used until now. */
    Usages processes(Round round) {
        Usages used = Usages.now(stage.processes()).since(before);
        used.byRole().forEach((role, usage) -> process(role, usage, used.seconds(), round));
        if (!stage.subject().gcLogs().isEmpty()) {
            Pauses pauses = gatewayPauses(stage).since(gatewayPauses);
            round.put("gc_pauses", pauses.count());
            round.put("gc_pause_max_ms", pauses.max());
            round.put("gc_pause_sum_ms", pauses.sum());
        }
        Pauses own = Pauses.own().since(clientPauses);
        round.put("client_gc_pauses", own.count());
        round.put("client_gc_pause_sum_ms", own.sum());
        return used;
    }

    private static void process(String role, Usage usage, double seconds, Round round) {
        round.put(role + "_cores", usage.cpu() / seconds);
        round.put(role + "_user_s", usage.user());
        round.put(role + "_system_s", usage.system());
        round.put(role + "_rss_mib", usage.rss() / 1048576.0);
        round.put(role + "_threads", usage.threads());
        round.put(role + "_switches_per_s", usage.switches() / seconds);
    }

    /**
     * What each process has used for one of those that there were.
     *
     * @param what is counted, in the singular
     */
    static void each(String what, Usages used, long count, Round round) {
        used.byRole()
                .forEach((role, usage) ->
                        round.put(role + "_cpu_us_per_" + what, usage.cpu() * 1e6 / Math.max(1, count)));
    }
}
