package dev.parley.bench.scenario;

import dev.parley.bench.client.Fleet;
import dev.parley.bench.load.Events;
import dev.parley.bench.load.Plan;
import dev.parley.bench.load.Publisher;
import dev.parley.bench.measure.Usages;
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
        return List.of(Phase.of("idle", Settings.of(10_000, 10_000, 0, Via.PUBSUB)));
    }

    @Override
    public Round run(Stage stage, Settings settings) throws InterruptedException {
        Events events = Stage.events(settings);
        Publisher publisher = stage.publisher(settings, Plan.inTurn(settings.conversations()), events);
        Fleet fleet = stage.fleet(events, publisher);
        Usages before = Usages.now(stage.processes());
        Round round = new Round();
        ClientThread client = ClientThread.from(stage);
        long start = System.nanoTime();
        fleet.open(settings.sockets(), settings.conversations());
        double opening = (System.nanoTime() - start) / 1e9;
        client.report(round);
        stage.progress().say("%d sockets follow after %.1f s".formatted(fleet.following(), opening));
        TimeUnit.NANOSECONDS.sleep(SETTLE.toNanos());
        Usages open = Usages.now(stage.processes());
        TimeUnit.NANOSECONDS.sleep(settings.duration().toNanos());
        Usages after = Usages.now(stage.processes());

        double sockets = settings.sockets();
        round.put("sockets_opened_per_s", sockets / opening);
        round.put(
                "opening_gateway_cpu_us_per_socket",
                open.since(before).of("gateway").cpu() * 1e6 / sockets);
        round.put("gateway_rss_before_mib", before.of("gateway").rss() / 1048576.0);
        round.put("gateway_rss_mib", after.of("gateway").rss() / 1048576.0);
        round.put(
                "gateway_rss_per_socket_kib",
                (after.of("gateway").rss() - before.of("gateway").rss()) / 1024.0 / sockets);
        round.put(
                "idle_gateway_cores",
                after.since(open).of("gateway").cpu() / after.since(open).seconds());
        if (fleet.following() != settings.sockets()) {
            round.problem("only " + fleet.following() + " of " + settings.sockets() + " sockets stayed");
        }
        fleet.problems().forEach(round::problem);
        return round;
    }
}
