package dev.parley.bench.scenario;

import dev.parley.bench.llm.Asking;
import dev.parley.bench.llm.Lines;
import dev.parley.bench.llm.Outcome;
import dev.parley.bench.llm.Questions;
import dev.parley.bench.measure.Usages;
import dev.parley.bench.result.Round;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** One phase's questions, connections to the gateway, and figures. */
final class CacheRun implements AutoCloseable {

    private static final Duration SAMPLE = Duration.ofMillis(500);

    /** When something is put first. */
    static final int AT_ONCE = 16;

    final Questions questions;
    final Lines gateway;
    final Asking asking;
    final Round round = new Round();
    private final Stage stage;
    private final Settings settings;
    private final Map<Outcome, Histogram> times = new EnumMap<>(Outcome.class);

    /** Starts the system. Blocks. */
    CacheRun(Stage stage, Settings settings) {
        this.stage = stage;
        this.settings = settings;
        this.questions = new Questions(Stage.events(settings).run(), settings.bytes());
        this.gateway = new Lines(stage.loop(), stage.subject().nodes().get(0), settings.sockets());
        this.asking = new Asking(stage.loop());
    }

    /** Asks at the phase's rate, first for nothing and then for the figures, and waits for the answers. Blocks. */
    void pace(Asking.Ask ask) throws InterruptedException {
        warmUp(ask, false);
        measure();
    }

    /** @param ends whether it ends with its last answer, or goes on */
    void warmUp(Asking.Ask ask, boolean ends) throws InterruptedException {
        stage.progress().say("warming up for %d s".formatted(settings.warmUp().toSeconds()));
        start(ask);
        TimeUnit.NANOSECONDS.sleep(settings.warmUp().toNanos());
        if (ends) {
            asking.stop();
        }
    }

    /** Begins to ask at the phase's rate. */
    void start(Asking.Ask ask) {
        asking.pace(settings.rate(), ask);
    }

    /** Reads what is being asked, ends that, and waits for the last answers: they are in the times, too. Blocks. */
    void measure() throws InterruptedException {
        for (Outcome outcome : Outcome.values()) {
            asking.latency(outcome);
            times.put(outcome, new Histogram(3));
        }
        Costs costs = Costs.from(stage);
        long answeredBefore = asking.answered();
        Usages before = Usages.now(stage.processes());
        Usages last = before;
        while (last.nanos() - before.nanos() < settings.duration().toNanos()) {
            TimeUnit.NANOSECONDS.sleep(SAMPLE.toNanos());
            Histogram all = read();
            Usages now = Usages.now(stage.processes());
            Sessions.sample(
                    stage,
                    "requests",
                    (now.nanos() - before.nanos()) / 1e9,
                    now.since(last).seconds(),
                    all,
                    round);
            last = now;
        }
        long answered = asking.answered() - answeredBefore;
        Usages used = last.since(before);
        round.put("requests_per_s", answered / used.seconds());
        Costs.each("request", used, answered, round);
        costs.report(round);
        asking.stop();
        Histogram unused = read();
    }

    private Histogram read() {
        Histogram all = new Histogram(3);
        times.forEach((outcome, sum) -> {
            Histogram since = asking.latency(outcome);
            sum.add(since);
            all.add(since);
        });
        return all;
    }

    /** What was measured of one outcome, in nanoseconds. */
    Histogram times(Outcome outcome) {
        return times.getOrDefault(outcome, new Histogram(3));
    }

    /** Of all that was asked, the warm-up in it. */
    void ledger() {
        round.put("asked", asking.asked());
        round.put("wrong", asking.count(Outcome.WRONG));
        round.put("refused", asking.count(Outcome.REFUSED));
        round.put("unanswered", asking.asked() - asking.answered());
        if (asking.count(Outcome.WRONG) > 0) {
            round.problem("FAILED: " + asking.count(Outcome.WRONG) + " questions got another one's answer: "
                    + asking.refusal());
        }
        if (asking.count(Outcome.REFUSED) > 0) {
            round.problem(asking.count(Outcome.REFUSED) + " questions were refused: " + asking.refusal());
        }
        if (asking.answered() < asking.asked()) {
            round.problem((asking.asked() - asking.answered()) + " questions were not answered");
        }
    }

    @Override
    public void close() {
        gateway.close();
    }
}
