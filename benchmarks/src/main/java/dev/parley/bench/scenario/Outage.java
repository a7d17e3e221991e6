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
 * times, since in the first outage of a JVM all of its code runs for the first time: the last one is reported, and of the first one what
 * compares with it.
 */
final class Outage implements Scenario {

    private static final int CONVERSATIONS = 1_000;
    private static final double RATE = 2_000;
    private static final int QUEUED = 100_000;
    private static final int REQUESTS_AT_ONCE = 500;
    private static final int OUTAGES = 3;
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
        for (int outage = 1; outage < OUTAGES; outage++) {
            Round earlier = new Round();
            happen(stage, settings, publisher, fleet, earlier).close();
            if (outage == 1) {
                earlier.figures().forEach((name, figure) -> {
                    if (name.equals("latency_p99_ms") || name.equals("replay_s")) {
                        round.put("first_" + name, figure);
                    }
                });
            }
        }
        try (Logs logs = happen(stage, settings, publisher, fleet, round)) {
            publisher.stop();
            publisher.awaitAnswers();
            awaitLogs(logs, publisher.sent());
            Streaming.awaitArrivals(fleet);
            ledger(logs, publisher, fleet, settings, round);
        }
        return round;
    }

    /** One outage, up to the moment at which all that was queued is in the logs. */
    private static Logs happen(Stage stage, Settings settings, Publisher publisher, Fleet fleet, Round round)
            throws InterruptedException {
        if (settings.rate() > 0) {
            publish(stage, settings, publisher, fleet, round);
        } else {
            fill(stage, settings, publisher, round);
        }
        Usages before = Usages.now(stage.processes());
        stage.redis().restart();
        round.put("redis_back_s", Usages.now(stage.processes()).since(before).seconds());
        Logs logs = new Logs(stage.redis(), publisher.events(), settings.conversations());
        if (settings.rate() > 0) {
            TimeUnit.NANOSECONDS.sleep(RETURN.toNanos());
            round.put("returning_p99_ms", publisher.answers().latency().getValueAtPercentile(99) / 1e6);
        } else {
            awaitLogs(logs, publisher.sent());
            replay(stage, Usages.now(stage.processes()).since(before), settings.window(), round);
        }
        return logs;
    }

    /** Goes on publishing while Redis is away. */
    private static void publish(Stage stage, Settings settings, Publisher publisher, Fleet fleet, Round round)
            throws InterruptedException {
        ClientThread client = ClientThread.from(stage);
        publisher.answers().latency();
        fleet.latency();
        long sentBefore = publisher.sent();
        Usages before = Usages.now(stage.processes());
        stage.redis().kill();
        stage.progress().say("Redis was killed");
        Histogram latency = new Histogram(3);
        while (System.nanoTime() - before.nanos() < settings.duration().toNanos()) {
            TimeUnit.NANOSECONDS.sleep(SAMPLE.toNanos());
            Histogram interval = publisher.answers().latency();
            latency.add(interval);
            sample((System.nanoTime() - before.nanos()) / 1e9, interval, round);
        }
        Histogram shown = fleet.latency();
        Usages used = Usages.now(stage.processes()).since(before);
        long sent = publisher.sent() - sentBefore;
        round.put("events_per_s", sent / used.seconds());
        round.latencies(latency);
        round.put("shown_p50_ms", shown.getValueAtPercentile(50) / 1e6);
        round.put("shown_p99_ms", shown.getValueAtPercentile(99) / 1e6);
        round.put("gateway_cpu_us_per_event", used.of("gateway").cpu() * 1e6 / Math.max(1, sent));
        stage.progress()
                .say("%,d events were sent meanwhile, answered after p50 %.2f ms, p99 %.2f ms"
                        .formatted(
                                sent, latency.getValueAtPercentile(50) / 1e6, latency.getValueAtPercentile(99) / 1e6));
        client.report(round);
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
        ClientThread client = ClientThread.from(stage);
        Usages before = Usages.now(stage.processes());
        publisher.send(settings.window(), REQUESTS_AT_ONCE);
        Usages used = Usages.now(stage.processes()).since(before);
        round.put("queued_per_s", settings.window() / used.seconds());
        round.put("gateway_rss_mib", used.of("gateway").rss() / 1048576.0);
        client.report(round);
        stage.progress()
                .say("%,d events are queued".formatted(publisher.answers().queued()));
    }

    private static void awaitLogs(Logs logs, long sent) throws InterruptedException {
        long start = System.nanoTime();
        while (logs.entries() < sent && System.nanoTime() - start < LONGEST_REPLAY.toNanos()) {
            TimeUnit.NANOSECONDS.sleep(LOOK.toNanos());
        }
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
        long queued = publisher.answers().queued();
        round.put("queued", queued);
        round.put("unanswered", publisher.sent() - publisher.replies());
        Logs.Ledger ledger = logs.ledger(publisher.published());
        round.put("log_lost", ledger.lost());
        round.put("log_repeated", ledger.repeated());
        round.put("log_reordered", ledger.reordered());
        Streaming.ledger(round, fleet, publisher, settings.sockets(), settings.via());
        if (queued == 0) {
            round.problem("nothing was queued: Redis was not away");
        }
        if (publisher.replies() < publisher.sent()) {
            round.problem((publisher.sent() - publisher.replies()) + " requests were not answered");
        }
        if (ledger.lost() + ledger.repeated() + ledger.reordered() > 0) {
            round.problem("FAILED: of the logs' events " + ledger.lost() + " are missing, " + ledger.repeated()
                    + " are there twice, " + ledger.reordered() + " in the wrong order");
        }
    }
}
