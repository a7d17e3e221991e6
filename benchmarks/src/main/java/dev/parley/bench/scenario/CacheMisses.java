package dev.parley.bench.scenario;

import dev.parley.bench.llm.Asking;
import dev.parley.bench.llm.FakeModel;
import dev.parley.bench.llm.Lines;
import dev.parley.bench.llm.Outcome;
import dev.parley.bench.llm.Requests;
import dev.parley.bench.result.Round;
import java.time.Duration;
import java.util.List;
import org.HdrHistogram.Histogram;

/** Questions that nobody has asked before, in turn of a model that answers at once, and of the gateway in front of it. */
final class CacheMisses {

    private CacheMisses() {}

    static Round run(Stage stage, Settings settings) throws InterruptedException {
        try (FakeModel model = new FakeModel(settings.bytes(), Duration.ZERO)) {
            stage.set(List.of("upstream.url=" + model.url()));
            try (CacheRun run = new CacheRun(stage, settings);
                    Lines direct = new Lines(stage.loop(), model.address(), settings.sockets())) {
                run.pace(ask(run, direct));
                report(run);
                long through = run.asking.count(Outcome.MISSED);
                long passedOn = model.calls() - run.asking.count(Outcome.DIRECT);
                run.ledger();
                if (passedOn != through) {
                    run.round.problem("FAILED: of %,d misses %,d were passed on".formatted(through, passedOn));
                }
                return run.round;
            }
        }
    }

    private static Asking.Ask ask(CacheRun run, Lines direct) {
        return (n, done) -> {
            int number = (int) n;
            byte[] chat = Requests.chat(run.questions.request(number));
            if (n % 2 == 0) {
                direct.ask(
                        chat,
                        answer -> done.done(
                                answer.status() == 200
                                        ? Outcome.DIRECT.checked(run.questions, number, answer)
                                        : Outcome.REFUSED,
                                answer));
            } else {
                run.gateway.ask(chat, answer -> {
                    Outcome outcome = Outcome.ofProxy(answer);
                    boolean wrong = outcome != Outcome.REFUSED && !run.questions.answers(number, answer.body());
                    done.done(wrong || outcome == Outcome.EXACT ? Outcome.WRONG : outcome, answer);
                });
            }
        };
    }

    private static void report(CacheRun run) {
        Histogram direct = run.times(Outcome.DIRECT);
        Histogram through = run.times(Outcome.MISSED);
        run.round.latencies(through);
        Sessions.percentiles("direct", direct, run.round);
        for (double percentile : new double[] {50, 99}) {
            run.round.put(
                    "overhead_p" + Round.label(percentile) + "_ms",
                    (through.getValueAtPercentile(percentile) - direct.getValueAtPercentile(percentile)) / 1e6);
        }
        if (direct.getTotalCount() == 0 || through.getTotalCount() == 0) {
            run.round.problem("nothing was answered");
        }
    }
}
