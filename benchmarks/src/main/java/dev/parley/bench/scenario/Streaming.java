package dev.parley.bench.scenario;

import dev.parley.bench.client.Fleet;
import dev.parley.bench.load.Events;
import dev.parley.bench.load.Plan;
import dev.parley.bench.load.Publisher;
import dev.parley.bench.measure.Usages;
import dev.parley.bench.measure.Watched.Usage;
import dev.parley.bench.result.Round;
import dev.parley.bench.subject.Via;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** The steady kind of run: sockets follow, events are sent, first to warm up and then to be measured. */
final class Streaming {

    private static final Duration SAMPLE = Duration.ofMillis(500);
    private static final Duration SILENCE = Duration.ofSeconds(3);

    private final Stage stage;
    private final Settings settings;
    private final Publisher publisher;
    private final Fleet fleet;
    private final Round round = new Round();

    private Streaming(Stage stage, Settings settings, Plan plan) {
        this.stage = stage;
        this.settings = settings;
        Events events = Stage.events(settings);
        this.publisher = stage.publisher(settings, plan, events);
        this.fleet = stage.fleet(events, publisher);
    }

    /** Blocks until all is measured. */
    static Round run(Stage stage, Settings settings, Plan plan) throws InterruptedException {
        return new Streaming(stage, settings, plan).run();
    }

    private Round run() throws InterruptedException {
        if (settings.rate() == 0 && settings.sockets() < settings.conversations()) {
            throw new IllegalArgumentException(
                    "where deliveries say how fast it goes, each conversation needs a socket: take at most %d --conversations, or a --rate"
                            .formatted(settings.sockets()));
        }
        fleet.open(settings.sockets(), settings.conversations());
        stage.progress()
                .say(fleet.following() + " sockets follow; warming up for "
                        + settings.warmUp().toSeconds() + " s");
        send();
        TimeUnit.NANOSECONDS.sleep(settings.warmUp().toNanos());
        measure();
        publisher.stop();
        awaitArrivals(fleet);
        ledger(round, fleet, publisher, settings.sockets(), settings.via());
        return round;
    }

    private void send() {
        if (settings.rate() > 0) {
            publisher.pace(settings.rate());
        } else {
            publisher.push(settings.window(), settings::socketsOf, fleet::delivered);
        }
    }

    private void measure() throws InterruptedException {
        Histogram all = new Histogram(3);
        fleet.latency();
        Costs costs = Costs.from(stage);
        int[] publishedBefore = publisher.published();
        long sentBefore = publisher.sent();
        long deliveredBefore = fleet.delivered();
        Usages before = Usages.now(stage.processes());
        Usages last = before;
        long lastDelivered = deliveredBefore;
        while (System.nanoTime() - before.nanos() < settings.duration().toNanos()) {
            TimeUnit.NANOSECONDS.sleep(SAMPLE.toNanos());
            Histogram interval = fleet.latency();
            all.add(interval);
            Usages now = Usages.now(stage.processes());
            long delivered = fleet.delivered();
            sample((now.nanos() - before.nanos()) / 1e9, delivered - lastDelivered, interval, now.since(last));
            last = now;
            lastDelivered = delivered;
        }
        Usages used = last.since(before);
        long sent = publisher.sent() - sentBefore;
        long delivered = fleet.delivered() - deliveredBefore;
        figures(used, sent, delivered);
        if (settings.rate() > 0) {
            Pace.sent(settings.rate(), used.seconds(), sent, round);
            double each = watched(publishedBefore);
            Pace.came("deliveries", settings.rate(), each, used.seconds(), delivered, round);
        }
        round.latencies(all);
        costs.report(round);
    }

    /** Sockets that an event has gone to since then, on average: a plan need not take all conversations, nor each of them as often. */
    private double watched(int[] before) {
        int[] now = publisher.published();
        long events = 0;
        long deliveries = 0;
        for (int conversation = 0; conversation < now.length; conversation++) {
            int since = now[conversation] - before[conversation];
            events += since;
            deliveries += (long) since * settings.socketsOf(conversation);
        }
        return (double) deliveries / Math.max(1, events);
    }

    private void sample(double at, long delivered, Histogram interval, Usages used) {
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("deliveries_per_s", delivered / used.seconds());
        if (interval.getTotalCount() > 0) {
            figures.put("latency_p50_ms", interval.getValueAtPercentile(50) / 1e6);
            figures.put("latency_p99_ms", interval.getValueAtPercentile(99) / 1e6);
        }
        used.byRole().forEach((role, usage) -> {
            figures.put(role + "_cores", usage.cpu() / used.seconds());
            figures.put(role + "_rss_mib", usage.rss() / 1048576.0);
        });
        round.series().add(new Round.Sample(at, figures));
        stage.progress()
                .say("%5.1f s  %,9.0f deliveries/s  p50 %.2f ms  p99 %.2f ms"
                        .formatted(
                                at,
                                delivered / used.seconds(),
                                interval.getValueAtPercentile(50) / 1e6,
                                interval.getValueAtPercentile(99) / 1e6));
    }

    private void figures(Usages used, long sent, long delivered) {
        double seconds = used.seconds();
        round.put("events_per_s", sent / seconds);
        round.put("deliveries_per_s", delivered / seconds);
        Costs.each("event", used, sent, round);
        Costs.each("delivery", used, delivered, round);
        Usage gateway = used.of("gateway");
        if (used.has("gateway") && used.has("redis")) {
            round.put(
                    "server_cpu_us_per_delivery",
                    (gateway.cpu() + used.of("redis").cpu()) * 1e6 / Math.max(1, delivered));
        }
        if (gateway.cpu() > 0) {
            round.put("deliveries_per_gateway_cpu_s", delivered / gateway.cpu());
        }
        if (delivered == 0) {
            round.problem("nothing came");
        }
    }

    /** Waits until all has come that was sent, or nothing comes any more. Blocks. */
    static void awaitArrivals(Fleet fleet) throws InterruptedException {
        long delivered = -1;
        long since = System.nanoTime();
        while (fleet.missing() > 0 && System.nanoTime() - since < SILENCE.toNanos()) {
            if (fleet.delivered() != delivered) {
                delivered = fleet.delivered();
                since = System.nanoTime();
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    /** What has come of all that was sent, and over how many sockets that still follow. */
    static void ledger(Round round, Fleet fleet, Publisher publisher, int sockets, Via via) {
        Deliveries.of(fleet, publisher, sockets).report(round, via);
        if (publisher.refusal() != null) {
            round.problem(publisher.refused() + " events were refused: " + publisher.refusal());
        }
        fleet.problems().forEach(round::problem);
    }
}
