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
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * Sockets are cut and come back with the last position that they saw. First all of them at once, three times, since the first storm of a
 * JVM is mostly its compiler's: the last one is reported, and of the first one how long it took. Then, as AnyCable measures it, each of
 * them at random about every 15 s, away for 2 s; one that is cut again before it has caught up is one return, from the first time it came
 * back until it has all.
 */
final class Storm implements Scenario {

    private static final String ALL_AT_ONCE = "all-at-once";
    private static final int SOCKETS = 10_000;
    private static final int CONVERSATIONS = 1_000;
    private static final double RATE = 1_000;
    private static final Duration AWAY = Duration.ofSeconds(2);
    private static final Duration BETWEEN_CUTS = Duration.ofSeconds(15);
    private static final int STORMS = 3;
    private static final Duration STEP = Duration.ofMillis(250);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration LOOK = Duration.ofMillis(20);

    @Override
    public String name() {
        return "storm";
    }

    @Override
    public String about() {
        return "10,000 sockets are cut at once, then each every 15 s for 2 s; share delivered and time to catch up";
    }

    @Override
    public List<Phase> phases() {
        Settings settings = Settings.of(CONVERSATIONS, SOCKETS, RATE, Via.STREAM);
        return List.of(
                Phase.of(ALL_AT_ONCE, settings.duration(Duration.ZERO)),
                Phase.of("random", settings.duration(Duration.ofSeconds(45))));
    }

    @Override
    public Round run(Stage stage, Settings settings) throws InterruptedException {
        Events events = Stage.events(settings);
        Publisher publisher = stage.publisher(settings, Plan.inTurn(settings.conversations()), events);
        Fleet fleet = stage.fleet(events, publisher);
        fleet.open(settings.sockets(), settings.conversations());
        stage.progress().say(fleet.following() + " sockets follow");
        publisher.pace(settings.rate());
        TimeUnit.NANOSECONDS.sleep(settings.warmUp().toNanos());
        Round round = new Round();
        boolean allAtOnce = stage.phase().equals(ALL_AT_ONCE);
        if (allAtOnce) {
            earlierStorms(stage, fleet, round);
        }
        Costs costs = Costs.from(stage);
        fleet.replay();
        Costs client;
        if (allAtOnce) {
            cutAll(stage, fleet);
            client = Costs.from(stage);
            fleet.comeBack(Duration.ZERO);
        } else {
            client = Costs.from(stage);
            cutAtRandom(stage, settings, fleet);
        }
        fleet.awaitAll();
        client.client(round);
        Usages used = costs.processes(round);
        publisher.stop();
        Streaming.awaitArrivals(fleet);
        Histogram replay = fleet.replay();

        round.put("came_back", replay.getTotalCount());
        round.put("not_caught_up", fleet.behind());
        round.put("replay_p50_ms", replay.getValueAtPercentile(50) / 1e6);
        round.put("replay_p99_ms", replay.getValueAtPercentile(99) / 1e6);
        round.put("replay_max_ms", replay.getMaxValue() / 1e6);
        if (used.has("gateway")) {
            round.put(
                    "gateway_cpu_ms_per_return", used.of("gateway").cpu() * 1e3 / Math.max(1, replay.getTotalCount()));
        }
        Streaming.ledger(round, fleet, publisher, settings.sockets(), settings.via());
        double delivered = round.figures().getOrDefault("delivered", 0.0);
        double lost = round.figures().getOrDefault("lost", 0.0);
        round.put("delivered_percent", 100 * delivered / Math.max(1, delivered + lost));
        replayPercentiles(round, replay);
        if (replay.getTotalCount() == 0) {
            round.problem("nobody came back");
        }
        return round;
    }

    private static void earlierStorms(Stage stage, Fleet fleet, Round round) throws InterruptedException {
        for (int i = 1; i < STORMS; i++) {
            fleet.replay();
            cutAll(stage, fleet);
            fleet.comeBack(Duration.ZERO);
            fleet.awaitAll();
            // The next storm is not to be blamed for this one: who is cut again before it has caught up is timed since
            // this return.
            Patience.atMost(PATIENCE, LOOK, () -> fleet.behind() == 0);
            if (i == 1) {
                round.put("first_storm_p99_ms", fleet.replay().getValueAtPercentile(99) / 1e6);
            }
        }
    }

    private static void replayPercentiles(Round round, Histogram replay) {
        for (double percentile : new double[] {50, 75, 90, 95, 99, 99.9, 100}) {
            round.percentiles().put(Round.label(percentile), replay.getValueAtPercentile(percentile) / 1e6);
        }
    }

    private static void cutAll(Stage stage, Fleet fleet) throws InterruptedException {
        fleet.cut(follower -> true);
        stage.progress().say("all were cut");
        TimeUnit.NANOSECONDS.sleep(AWAY.toNanos());
    }

    private static void cutAtRandom(Stage stage, Settings settings, Fleet fleet) throws InterruptedException {
        SplittableRandom random = new SplittableRandom(1);
        double share = (double) STEP.toMillis() / BETWEEN_CUTS.toMillis();
        long end = System.nanoTime() + settings.duration().toNanos();
        while (System.nanoTime() < end) {
            fleet.cut(follower -> random.nextDouble() < share);
            TimeUnit.NANOSECONDS.sleep(STEP.toNanos());
            fleet.comeBack(AWAY);
        }
        stage.progress().say("the last ones come back");
        TimeUnit.NANOSECONDS.sleep(AWAY.toNanos());
        fleet.comeBack(Duration.ZERO);
    }
}
