package dev.parley.bench.scenario;

import dev.parley.bench.client.Fleet;
import dev.parley.bench.measure.Usages;
import dev.parley.bench.measure.Watched.Usage;
import dev.parley.bench.result.Round;
import dev.parley.bench.subject.Via;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What sockets cost that only stay. */
final class Idle implements Scenario {

    private static final Duration SETTLE = Duration.ofSeconds(2);

    @Override
    public String name() {
        return "idle";
    }

    @Override
    public String about() {
        return "10,000 sockets, each in a conversation of its own, and nothing happens: memory and CPU of each";
    }

    @Override
    public List<Phase> phases() {
        return List.of(Phase.of("idle", Settings.of(10_000, 10_000, 0, Via.NONE)));
    }

    @Override
    public Round run(Stage stage, Settings settings) throws InterruptedException {
        Fleet fleet = stage.fleet(Stage.events(settings), conversation -> 0);
        Usages before = Usages.now(stage.processes());
        Round round = new Round();
        Costs opening = Costs.from(stage);
        long start = System.nanoTime();
        fleet.open(settings.sockets(), settings.conversations());
        double seconds = (System.nanoTime() - start) / 1e9;
        opening.client(round);
        stage.progress().say("%d sockets follow after %.1f s".formatted(fleet.following(), seconds));
        TimeUnit.NANOSECONDS.sleep(SETTLE.toNanos());
        Usages open = Usages.now(stage.processes());
        Costs idle = Costs.from(stage);
        TimeUnit.NANOSECONDS.sleep(settings.duration().toNanos());
        Usages used = idle.processes(round);

        double sockets = settings.sockets();
        round.put("sockets_opened_per_s", sockets / seconds);
        if (used.has("gateway")) {
            gateway(round, before.of("gateway"), open.of("gateway"), used, sockets);
        }
        if (fleet.following() != settings.sockets()) {
            round.problem("only " + fleet.following() + " of " + settings.sockets() + " sockets stayed");
        }
        fleet.problems().forEach(round::problem);
        return round;
    }

    /** What it took to open the sockets, and what they take. */
    private static void gateway(Round round, Usage before, Usage open, Usages used, double sockets) {
        round.put("opening_gateway_cpu_us_per_socket", open.since(before).cpu() * 1e6 / sockets);
        round.put("gateway_rss_before_mib", before.rss() / 1048576.0);
        round.put("gateway_rss_per_socket_kib", (used.of("gateway").rss() - before.rss()) / 1024.0 / sockets);
        round.put("idle_gateway_cores", used.of("gateway").cpu() / used.seconds());
    }
}
