package dev.parley.bench.scenario;

import dev.parley.bench.client.Fleet;
import dev.parley.bench.client.Joiner;
import dev.parley.bench.client.Joiner.Joined;
import dev.parley.bench.load.Events;
import dev.parley.bench.load.Plan;
import dev.parley.bench.load.Publisher;
import dev.parley.bench.load.Template;
import dev.parley.bench.result.Round;
import dev.parley.bench.subject.Via;
import java.net.InetSocketAddress;
import java.util.List;
import org.HdrHistogram.Histogram;

/** Sockets that come late, one after the other, into runs of many durable chunks that have not ended. */
final class Join implements Scenario {

    private static final int RUNS = 10;

    /** In each run. */
    private static final int CHUNKS = 2_000;

    /** About the shortest that an event can be: a chunk's text has a stamp and little else. */
    private static final int BYTES = 200;

    @Override
    public String name() {
        return "join";
    }

    @Override
    public String about() {
        return "sockets join runs of 2,000 durable chunks: time from subscribe to snapshot, and its size";
    }

    @Override
    public List<Phase> phases() {
        return List.of(
                Phase.of("watched", Settings.of(RUNS, RUNS, 0, Via.STREAM).bytes(BYTES)),
                Phase.of("alone", Settings.of(RUNS, 0, 0, Via.STREAM).bytes(BYTES)));
    }

    /** Where nobody watches, each is the first one of its conversation on the node. */
    @Override
    public List<String> gateway() {
        return List.of("hub.linger=0s");
    }

    @Override
    public Round run(Stage stage, Settings settings) throws InterruptedException {
        Events events = Stage.events(settings).endless();
        Publisher publisher = stage.publisher(settings, Plan.inTurn(settings.conversations()), events);
        Fleet fleet = stage.fleet(events, publisher);
        fleet.open(settings.conversations(), settings.conversations());
        publisher.send((long) settings.conversations() * CHUNKS, settings.window());
        Streaming.awaitArrivals(fleet);
        Round round = new Round();
        Streaming.ledger(round, fleet, publisher, settings.conversations(), settings.via());
        if (settings.sockets() == 0) {
            fleet.close();
        }
        stage.progress().say("%d runs of %,d chunks are in their logs".formatted(settings.conversations(), CHUNKS));
        join(stage, settings, events, settings.warmUp().toNanos(), round, false);
        join(stage, settings, events, settings.duration().toNanos(), round, true);
        return round;
    }

    private static void join(Stage stage, Settings settings, Events events, long nanos, Round round, boolean counts) {
        List<InetSocketAddress> nodes = stage.subject().nodes();
        Costs costs = Costs.from(stage);
        long start = System.nanoTime();
        Histogram times = new Histogram(3);
        long bytes = 0;
        long incomplete = 0;
        int number = 0;
        do {
            Joined joined = Joiner.join(
                    stage.loop(),
                    nodes.get(number % nodes.size()),
                    events.conversation(number % settings.conversations()),
                    events.run());
            times.recordValue(joined.nanos());
            bytes += joined.bytes();
            if (joined.events() != CHUNKS || !joined.inOrder()) {
                incomplete++;
            }
            number++;
        } while (System.nanoTime() - start < nanos);
        double seconds = (System.nanoTime() - start) / 1e9;
        if (!counts) {
            return;
        }
        round.put("joins", number);
        round.latencies(times);
        round.put("joins_per_s", number / seconds);
        round.put("snapshot_bytes", (double) bytes / number);
        round.put("snapshot_bytes_per_text_byte", (double) bytes / number / text(events));
        Costs.each("join", costs.report(round), number, round);
        if (incomplete > 0) {
            round.problem("FAILED: " + incomplete + " snapshots had not the whole text in its order");
        }
        stage.progress()
                .say("%,d joins  p50 %.2f ms  p99 %.2f ms  %,d bytes"
                        .formatted(
                                number,
                                times.getValueAtPercentile(50) / 1e6,
                                times.getValueAtPercentile(99) / 1e6,
                                bytes / number));
    }

    /** Length of a whole run's text. */
    private static double text(Events events) {
        String payload = events.payload(0);
        int from = payload.indexOf(Template.PLACE);
        return (double) CHUNKS * (payload.indexOf('"', from) - from);
    }
}
