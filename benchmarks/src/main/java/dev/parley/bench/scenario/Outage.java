package dev.parley.bench.scenario;

import dev.parley.bench.client.Fleet;
import dev.parley.bench.load.Events;
import dev.parley.bench.load.Plan;
import dev.parley.bench.load.Publisher;
import dev.parley.bench.measure.Usages;
import dev.parley.bench.result.Round;
import dev.parley.bench.subject.Logs;
import dev.parley.bench.subject.Via;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * Redis is killed while agents publish and sockets follow, and comes back with its data. First with a rate that goes on all the time,
 * which shows what publishers and sockets notice; then with a queue that is filled, which shows how fast it empties. Each happens three
 * times, since in the first outage of a JVM all of its code runs for the first time: the last one is reported, and of those before what
 * compares with it. The later ones have a target.
 */
final class Outage implements Scenario {

    private static final int CONVERSATIONS = 1_000;
    private static final double RATE = 2_000;
    private static final int QUEUED = 100_000;
    private static final int REQUESTS_AT_ONCE = 500;

    /** Before the last one, which is reported in full. */
    private static final List<String> EARLIER = List.of("first", "second");

    private static final String SHOWN_MISSING = "shown_missing";

    private static final Target PUBLISH = new Target("latency_p99_ms", 5, RATE);
    private static final Target REPLAY = new Target("replay_s", 5, QUEUED);
    private static final Duration RETURN = Duration.ofSeconds(3);
    private static final Duration LONGEST_REPLAY = Duration.ofMinutes(2);
    private static final Duration SAMPLE = Duration.ofMillis(250);
    private static final Duration LOOK = Duration.ofMillis(50);

    @Override
    public String name() {
        return "outage";
    }

    @Override
    public String about() {
        return "Redis is killed under 2,000 events/s over HTTP and comes back; then with 100,000 queued events (--window)";
    }

    @Override
    public List<Phase> phases() {
        return List.of(
                Phase.of("publish", Settings.of(CONVERSATIONS, CONVERSATIONS, RATE, Via.HTTP)),
                Phase.of(
                        "replay",
                        Settings.of(CONVERSATIONS, CONVERSATIONS, 0, Via.HTTP).window(QUEUED)));
    }

    @Override
    public boolean redisKeepsData() {
        return true;
    }

    /** Each event counts 512 bytes more than it has. The logs keep all, so that all can be looked for in them. */
    @Override
    public List<String> gateway() {
        return List.of("outage.queue=1GiB", "log.max-events=1000000", "log.max-bytes=1GiB");
    }

    @Override
    public Round run(Stage stage, Settings settings) throws InterruptedException {
        if (settings.via() != Via.HTTP) {
            throw new IllegalArgumentException("while Redis is away nothing can be published but over HTTP");
        }
        Events events = Stage.events(settings);
        Publisher publisher = stage.publisher(settings, Plan.inTurn(settings.conversations()), events);
        Fleet fleet = stage.fleet(events, publisher);
        fleet.open(settings.sockets(), settings.conversations());
        stage.progress().say(fleet.following() + " sockets follow");
        publisher.pace(settings.rate() > 0 ? settings.rate() : RATE);
        TimeUnit.NANOSECONDS.sleep(settings.warmUp().toNanos());

        Round round = new Round();
        Target target = settings.rate() > 0 ? PUBLISH : REPLAY;
        for (String outage : EARLIER) {
            Round earlier = new Round();
            happen(stage, settings, publisher, fleet, earlier).close();
            keep(outage, earlier, target.figure(), round);
        }
        try (Logs logs = happen(stage, settings, publisher, fleet, round)) {
            publisher.stop();
            publisher.awaitAnswers();
            awaitLogs(logs, publisher.sent());
            Streaming.awaitArrivals(fleet);
            ledger(logs, publisher, fleet, settings, round);
        }
        if (target.isFor(settings)) {
            round.put("targets_missed", target.missed(round, stage.progress()));
        }
        return round;
    }

    /** What the round says of an outage before its last one: what compares with that, what was not shown, and why it does not count. */
    static void keep(String outage, Round earlier, String compared, Round round) {
        for (String figure : List.of(compared, SHOWN_MISSING)) {
            Double value = earlier.figures().get(figure);
            if (value != null) {
                round.put(outage + "_" + figure, value);
            }
        }
        earlier.problems().forEach(problem -> round.problem(outage + " outage: " + problem));
    }

    /**
     * How long it took until sockets had what was sent while Redis was away.
     *
     * @param missing deliveries that they have not had: those have no time
     */
    static void shown(Histogram times, long missing, Round round) {
        round.put(SHOWN_MISSING, missing);
        if (times.getTotalCount() > 0) {
            round.put("shown_p50_ms", times.getValueAtPercentile(50) / 1e6);
            round.put("shown_p99_ms", times.getValueAtPercentile(99) / 1e6);
        }
    }

    /**
     * What each outage but the first one of a JVM should stay below.
     *
     * @param load the most that it is promised for: events a second, or events
     */
    record Target(String figure, double most, double load) {

        /** Whether what was asked for is what the target speaks of. */
        boolean isFor(Settings settings) {
            return settings.rate() > 0 ? settings.rate() <= load : settings.window() <= load;
        }

        /** Tells of each outage that took longer, and counts them. */
        long missed(Round round, Progress progress) {
            long missed = 0;
            for (String name : List.of(EARLIER.get(1) + "_" + figure, figure)) {
                Double measured = round.figures().get(name);
                boolean reached = measured != null && measured <= most;
                progress.say("%s: %s, and the target is %.0f: %s"
                        .formatted(
                                name,
                                measured == null ? "not answered" : "%.2f".formatted(measured),
                                most,
                                reached ? "reached" : "MISSED"));
                if (!reached) {
                    missed++;
                }
            }
            return missed;
        }
    }

    /** One outage, up to the moment at which all that was queued is in the logs. */
    private static Logs happen(Stage stage, Settings settings, Publisher publisher, Fleet fleet, Round round)
            throws InterruptedException {
        long queuedBefore = publisher.answers().queued();
        if (settings.rate() > 0) {
            publish(stage, settings, publisher, fleet, round);
        } else {
            fill(stage, settings, publisher, round);
        }
        int[] sentMeanwhile = publisher.published();
        Usages before = Usages.now(stage.processes());
        stage.redis().restart();
        round.put("redis_back_s", Usages.now(stage.processes()).since(before).seconds());
        Logs logs = new Logs(stage.redis(), publisher.events(), settings.conversations());
        if (settings.rate() > 0) {
            TimeUnit.NANOSECONDS.sleep(RETURN.toNanos());
            round.put("returning_p99_ms", publisher.answers().latency().getValueAtPercentile(99) / 1e6);
            // Not before now: what is shown only when Redis is back took as long as that.
            shown(fleet.latency(), fleet.missing(conversation -> sentMeanwhile[conversation]), round);
        } else {
            awaitLogs(logs, publisher.sent());
            replay(stage, Usages.now(stage.processes()).since(before), settings.window(), round);
        }
        if (publisher.answers().queued() == queuedBefore) {
            round.problem("nothing was queued: Redis was not away");
        }
        return logs;
    }

    /** Goes on publishing while Redis is away. */
    private static void publish(Stage stage, Settings settings, Publisher publisher, Fleet fleet, Round round)
            throws InterruptedException {
        publisher.answers().latency();
        fleet.latency();
        long sentBefore = publisher.sent();
        long start = System.nanoTime();
        stage.redis().kill();
        Costs costs = Costs.from(stage);
        stage.progress().say("Redis was killed");
        Histogram latency = new Histogram(3);
        while (System.nanoTime() - start < settings.duration().toNanos()) {
            TimeUnit.NANOSECONDS.sleep(SAMPLE.toNanos());
            Histogram interval = publisher.answers().latency();
            latency.add(interval);
            sample((System.nanoTime() - start) / 1e9, interval, round);
        }
        long sent = publisher.sent() - sentBefore;
        round.put("events_per_s", sent / ((System.nanoTime() - start) / 1e9));
        round.latencies(latency);
        Costs.each("event", costs.report(round), sent, round);
        stage.progress()
                .say("%,d events were sent meanwhile, answered after p50 %.2f ms, p99 %.2f ms"
                        .formatted(
                                sent, latency.getValueAtPercentile(50) / 1e6, latency.getValueAtPercentile(99) / 1e6));
    }

    private static void sample(double at, Histogram interval, Round round) {
        if (interval.getTotalCount() > 0) {
            round.series()
                    .add(new Round.Sample(
                            at,
                            Map.of(
                                    "latency_p50_ms", interval.getValueAtPercentile(50) / 1e6,
                                    "latency_p99_ms", interval.getValueAtPercentile(99) / 1e6)));
        }
    }

    /** Fills the queue while Redis is away. */
    private static void fill(Stage stage, Settings settings, Publisher publisher, Round round)
            throws InterruptedException {
        publisher.stop();
        publisher.awaitAnswers();
        stage.redis().kill();
        stage.progress().say("Redis was killed");
        Costs costs = Costs.from(stage);
        publisher.send(settings.window(), REQUESTS_AT_ONCE);
        Usages used = costs.report(round);
        round.put("queued_per_s", settings.window() / used.seconds());
        stage.progress()
                .say("%,d events are queued".formatted(publisher.answers().queued()));
    }

    private static void awaitLogs(Logs logs, long sent) throws InterruptedException {
        Patience.atMost(LONGEST_REPLAY, LOOK, () -> logs.entries() >= sent);
    }

    /** What it took from the start of Redis until all that was queued was in its logs. */
    private static void replay(Stage stage, Usages used, int events, Round round) {
        round.put("replay_s", used.seconds());
        round.put("replayed_per_s", events / used.seconds());
        round.put("replay_gateway_cpu_us_per_event", used.of("gateway").cpu() * 1e6 / events);
        round.put("replay_redis_cpu_us_per_event", used.of("redis").cpu() * 1e6 / events);
        stage.progress()
                .say("%,d events are in their logs %.2f s after Redis was started".formatted(events, used.seconds()));
    }

    private static void ledger(Logs logs, Publisher publisher, Fleet fleet, Settings settings, Round round)
            throws InterruptedException {
        round.put("queued", publisher.answers().queued());
        round.put("unanswered", publisher.sent() - publisher.replies());
        Logs.Ledger ledger = logs.ledger(publisher.published());
        round.put("log_lost", ledger.lost());
        round.put("log_repeated", ledger.repeated());
        round.put("log_reordered", ledger.reordered());
        Streaming.ledger(round, fleet, publisher, settings.sockets(), settings.via());
        if (publisher.replies() < publisher.sent()) {
            round.problem((publisher.sent() - publisher.replies()) + " requests were not answered");
        }
        if (ledger.lost() + ledger.repeated() + ledger.reordered() > 0) {
            round.problem("FAILED: of the logs' events " + ledger.lost() + " are missing, " + ledger.repeated()
                    + " are there twice, " + ledger.reordered() + " in the wrong order");
        }
    }
}
