package dev.parley.bench.scenario;

import dev.parley.bench.client.Call;
import dev.parley.bench.client.Call.Method;
import dev.parley.bench.client.Callers;
import dev.parley.bench.result.Round;
import dev.parley.bench.subject.Footprint;
import dev.parley.bench.subject.Via;
import java.time.Duration;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * One append at a time, to sessions that get their tenth message and to one that has thousands, in turns, so that the same machine at the
 * same time is compared. Then what a session of fifty messages takes in Redis.
 */
final class Growth implements Scenario {

    private static final int SESSIONS = 1_000;
    private static final int LONG = 10_000;
    private static final int SHORT = 10;
    private static final int KEPT = 50;
    private static final int TURN = 10;

    /** A socket's calls that the gateway has under way at once are as many. */
    private static final int AT_ONCE = 64;

    @Override
    public String name() {
        return "growth";
    }

    @Override
    public String about() {
        return "append to sessions of 10 messages and to one of 10,000 (--window), in turns; memory of a session in Redis";
    }

    @Override
    public List<Phase> phases() {
        return List.of(Phase.of(
                "growth",
                Settings.of(SESSIONS, 1, 0, Via.CALL)
                        .window(LONG)
                        .duration(Duration.ZERO)
                        .bytes(Sessions.BYTES)));
    }

    @Override
    public List<String> gateway() {
        return List.of(Sessions.PATIENT);
    }

    @Override
    public Round run(Stage stage, Settings settings) throws InterruptedException {
        int sessions = settings.conversations();
        Callers callers = stage.callers(settings, Stage.events(settings), sessions + 1);
        Sessions.create(callers, sessions + 1);
        callers.run((SHORT - 1L) * sessions, AT_ONCE, n -> new Call(Method.APPEND, (int) (n % sessions)));
        callers.run(settings.window() - 1L, AT_ONCE, n -> new Call(Method.APPEND, sessions));
        stage.progress()
                .say("%,d sessions of %d messages and one of %,d"
                        .formatted(sessions, SHORT - 1, settings.window() - 1));

        Round round = new Round();
        measure(stage, callers, sessions, round);
        callers.run(KEPT - SHORT, 1, n -> new Call(Method.APPEND, 0));
        if (stage.hasRedis()) {
            footprint(stage, settings, Footprint.of(stage.redis(), callers.name(0)), round);
        }
        callers.stop();
        Sessions.ledger(stage, callers, round);
        return round;
    }

    private static void footprint(Stage stage, Settings settings, Footprint footprint, Round round) {
        round.put("session_redis_bytes", footprint.session());
        round.put("log_redis_bytes", footprint.log());
        round.put("session_text_bytes", (double) KEPT * settings.bytes());
        stage.progress()
                .say("a session of %d messages of %d bytes takes %,d bytes, its log %,d"
                        .formatted(KEPT, settings.bytes(), footprint.session(), footprint.log()));
    }

    private static void measure(Stage stage, Callers callers, int sessions, Round round) throws InterruptedException {
        Histogram small = new Histogram(3);
        Histogram large = new Histogram(3);
        callers.latency(Method.APPEND);
        Costs costs = Costs.from(stage);
        for (int first = 0; first < sessions; first += TURN) {
            int from = first;
            int turn = Math.min(TURN, sessions - first);
            callers.run(turn, 1, n -> new Call(Method.APPEND, from + (int) n));
            small.add(callers.latency(Method.APPEND));
            callers.run(turn, 1, n -> new Call(Method.APPEND, sessions));
            large.add(callers.latency(Method.APPEND));
        }
        Sessions.percentiles("append_short", small, round);
        Sessions.percentiles("append_long", large, round);
        Costs.each("append", costs.report(round), 2L * sessions, round);
    }
}
