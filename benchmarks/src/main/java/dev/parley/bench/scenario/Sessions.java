package dev.parley.bench.scenario;

import dev.parley.bench.client.Call;
import dev.parley.bench.client.Call.Method;
import dev.parley.bench.client.Callers;
import dev.parley.bench.client.SessionLedger;
import dev.parley.bench.measure.Usages;
import dev.parley.bench.result.Round;
import dev.parley.bench.subject.Via;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * Agents that read and append to sessions by {@code call}, as often the one as the other, in sessions of chance.
 */
final class Sessions implements Scenario {

    private static final int SESSIONS = 1_000;
    private static final double RATE = 2_000;
    private static final int AT_ONCE = 64;

    /** Of a message's text: fifty of them are 10 KB. */
    static final int BYTES = 200;

    /** Where there is a record it may fall behind: what is measured is not how far. */
    static final String PATIENT = "sessions.unarchived=100000";

    private static final Duration SAMPLE = Duration.ofMillis(500);

    @Override
    public String name() {
        return "sessions";
    }

    @Override
    public String about() {
        return "1,000 sessions with one socket each, get and append by call, 2,000/s and then as fast as it goes";
    }

    @Override
    public List<Phase> phases() {
        return List.of(
                Phase.of(
                        "paced", Settings.of(SESSIONS, SESSIONS, RATE, Via.CALL).bytes(BYTES)),
                Phase.of(
                        "max",
                        Settings.of(SESSIONS, SESSIONS, 0, Via.CALL)
                                .window(AT_ONCE)
                                .bytes(BYTES)));
    }

    @Override
    public List<String> gateway() {
        return List.of(PATIENT);
    }

    @Override
    public Round run(Stage stage, Settings settings) throws InterruptedException {
        if (settings.via() != Via.CALL) {
            throw new IllegalArgumentException("sessions are called over sockets: leave out --via");
        }
        Callers callers = stage.callers(settings, Stage.events(settings), settings.conversations());
        create(callers, settings.conversations());
        stage.progress()
                .say("%d sessions are made; warming up for %d s"
                        .formatted(settings.conversations(), settings.warmUp().toSeconds()));
        if (settings.rate() > 0) {
            callers.pace(settings.rate(), n -> any(n, settings.conversations()));
        } else {
            callers.push(settings.window(), n -> any(n, settings.conversations()));
        }
        TimeUnit.NANOSECONDS.sleep(settings.warmUp().toNanos());
        Round round = new Round();
        measure(stage, settings, callers, round);
        callers.stop();
        ledger(stage, callers, round);
        return round;
    }

    static void create(Callers callers, int sessions) throws InterruptedException {
        callers.run(sessions, AT_ONCE, n -> new Call(Method.CREATE, (int) n));
    }

    private static Call any(long n, int sessions) {
        SplittableRandom chance = new SplittableRandom(n);
        return new Call(chance.nextBoolean() ? Method.APPEND : Method.GET, chance.nextInt(sessions));
    }

    private static void measure(Stage stage, Settings settings, Callers callers, Round round)
            throws InterruptedException {
        Histogram appends = new Histogram(3);
        Histogram gets = new Histogram(3);
        callers.latency(Method.APPEND);
        callers.latency(Method.GET);
        Costs costs = Costs.from(stage);
        long answeredBefore = callers.answered();
        Usages before = Usages.now(stage.processes());
        Usages last = before;
        while (last.nanos() - before.nanos() < settings.duration().toNanos()) {
            TimeUnit.NANOSECONDS.sleep(SAMPLE.toNanos());
            Histogram append = callers.latency(Method.APPEND);
            Histogram get = callers.latency(Method.GET);
            appends.add(append);
            gets.add(get);
            Usages now = Usages.now(stage.processes());
            append.add(get);
            sample(
                    stage,
                    "calls",
                    (now.nanos() - before.nanos()) / 1e9,
                    now.since(last).seconds(),
                    append,
                    round);
            last = now;
        }
        long answered = callers.answered() - answeredBefore;
        Usages used = last.since(before);
        round.put("calls_per_s", answered / used.seconds());
        if (settings.rate() > 0) {
            Pace.came("answers", settings.rate(), 1, used.seconds(), answered, round);
        }
        percentiles("append", appends, round);
        percentiles("get", gets, round);
        Costs.each("call", used, answered, round);
        appends.add(gets);
        round.latencies(appends);
        costs.report(round);
    }

    /**
     * Notes and tells of half a second.
     *
     * @param what is counted, in the plural
     */
    static void sample(Stage stage, String what, double at, double seconds, Histogram all, Round round) {
        if (all.getTotalCount() == 0) {
            return;
        }
        double p50 = all.getValueAtPercentile(50) / 1e6;
        double p99 = all.getValueAtPercentile(99) / 1e6;
        round.series().add(new Round.Sample(at, Map.of("latency_p50_ms", p50, "latency_p99_ms", p99)));
        stage.progress()
                .say(String.format(
                        Locale.ROOT,
                        "%5.1f s  %,7.0f %s/s  p50 %.2f ms  p99 %.2f ms",
                        at,
                        all.getTotalCount() / seconds,
                        what,
                        p50,
                        p99));
    }

    static void percentiles(String what, Histogram nanos, Round round) {
        for (double percentile : new double[] {50, 99}) {
            round.put(what + "_p" + Round.label(percentile) + "_ms", nanos.getValueAtPercentile(percentile) / 1e6);
        }
    }

    /** Each acknowledged append is there, once. */
    static void ledger(Stage stage, Callers callers, Round round) {
        SessionLedger.Count count = callers.count(stage.hasRecord());
        round.put("appended", count.acknowledged());
        round.put("read_again", count.read());
        round.put("lost", count.lost());
        round.put("repeated", count.repeated());
        round.put("refused", callers.refused());
        round.put("unanswered", callers.sent() - callers.answered());
        if (count.lost() + count.repeated() > 0) {
            round.problem("FAILED: " + count.lost() + " acknowledged messages are missing, " + count.repeated()
                    + " are there twice");
        }
        if (count.acknowledged() == 0) {
            round.problem("nothing was appended");
        }
        if (callers.answered() < callers.sent()) {
            round.problem((callers.sent() - callers.answered()) + " calls were not answered");
        }
        if (callers.refusal() != null) {
            round.problem(callers.refused() + " calls were refused: " + callers.refusal());
        }
    }
}
