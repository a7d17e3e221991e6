package dev.parley.bench.scenario;

import dev.parley.bench.client.Fleet;
import dev.parley.bench.load.Events;
import dev.parley.bench.load.Plan;
import dev.parley.bench.load.Publisher;
import dev.parley.bench.result.Round;
import dev.parley.bench.subject.Via;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * All sockets of a conversation read as fast as they can, and then some of them read slowly: those may be closed, the others must not notice.
 * In the end the slow ones read on, and those that were closed come back with the last position that they saw.
 */
final class Slow implements Scenario {

    private static final int SOCKETS = 100;
    private static final int SLOW_OF = 10;
    private static final double RATE = 500;

    /** Long, so that what waits for a slow socket is soon more than it may be. */
    private static final int BYTES = 2_000;

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration LOOK = Duration.ofMillis(20);

    @Override
    public String name() {
        return "slow";
    }

    @Override
    public String about() {
        return "one conversation with 100 sockets, 500 long events/s; then one of ten reads slowly: what the others notice";
    }

    @Override
    public List<Phase> phases() {
        return List.of(
                Phase.of("slow", Settings.of(1, SOCKETS, RATE, Via.STREAM).bytes(BYTES)));
    }

    /** What a slow socket has missed is to be replayed: that it is all there is looked at. */
    @Override
    public List<String> gateway() {
        return List.of(
                "log.max-events=100000", "log.max-bytes=1GiB", "resume.limit=100000", "resume.limit-bytes=64MiB");
    }

    @Override
    public Round run(Stage stage, Settings settings) throws InterruptedException {
        if (settings.rate() == 0 || settings.via() == Via.PUBSUB) {
            throw new IllegalArgumentException("slow is for durable events at a --rate");
        }
        Events events = Stage.events(settings);
        Publisher publisher = stage.publisher(settings, Plan.inTurn(settings.conversations()), events);
        Fleet fleet = stage.fleet(events, publisher);
        fleet.open(settings.sockets(), settings.conversations());
        stage.progress().say(fleet.following() + " sockets follow");
        publisher.pace(settings.rate());
        TimeUnit.NANOSECONDS.sleep(settings.warmUp().toNanos());

        Round round = new Round();
        fleet.latency();
        TimeUnit.NANOSECONDS.sleep(settings.duration().toNanos());
        Histogram before = fleet.latency();
        Sessions.percentiles("before", before, round);
        slow(stage, settings, fleet, round);
        publisher.stop();
        comeBack(fleet, settings, round);
        Streaming.awaitArrivals(fleet);
        Streaming.ledger(round, fleet, publisher, settings.sockets(), settings.via());
        return round;
    }

    private static void slow(Stage stage, Settings settings, Fleet fleet, Round round) throws InterruptedException {
        Costs costs = Costs.from(stage);
        fleet.slowDown(follower -> follower.ordinal() % SLOW_OF == 0);
        fleet.latency();
        TimeUnit.NANOSECONDS.sleep(settings.duration().toNanos());
        Histogram others = fleet.latency();
        round.latencies(others);
        costs.report(round);
        stage.progress()
                .say("p99 of all %.2f ms, and of the others beside slow ones %.2f ms"
                        .formatted(round.figures().get("before_p99_ms"), others.getValueAtPercentile(99) / 1e6));
        if (others.getTotalCount() == 0) {
            round.problem("nothing came to the others");
        }
    }

    /** The slow ones read what is left for them: they get all, or find that they were closed. */
    private static void comeBack(Fleet fleet, Settings settings, Round round) throws InterruptedException {
        fleet.hurry();
        Patience.atMost(PATIENCE, LOOK, () -> fleet.slowAndBehind() == 0);
        long closed = settings.sockets() - fleet.following();
        round.put("slow_sockets", (settings.sockets() + SLOW_OF - 1) / SLOW_OF);
        round.put("slow_closed", fleet.slowClosed());
        round.put("slow_told", fleet.slowTold());
        if (closed > fleet.slowClosed()) {
            round.problem((closed - fleet.slowClosed()) + " sockets were closed that were not slow");
        }
        fleet.comeBack(Duration.ZERO);
        fleet.awaitAll();
    }
}
