package dev.parley.bench.scenario;

import dev.parley.bench.llm.Asking;
import dev.parley.bench.llm.FakeModel;
import dev.parley.bench.llm.Outcome;
import dev.parley.bench.llm.Requests;
import dev.parley.bench.result.Round;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** Questions whose answers are all in the cache, asked by chance. */
final class CacheHits {

    private CacheHits() {}

    /** By {@code /v1/cache/lookup}. */
    static Round lookups(Stage stage, Settings settings) throws InterruptedException {
        try (CacheRun run = new CacheRun(stage, settings)) {
            put(run, settings.conversations(), run.questions::request);
            stage.progress().say("%,d answers are in the cache".formatted(settings.conversations()));
            byte[][] lookups = IntStream.range(0, settings.conversations())
                    .mapToObj(number -> Requests.lookup(run.questions.request(number)))
                    .toArray(byte[][]::new);
            return all(run, lookups, false);
        }
    }

    /** Answers to so many questions. Blocks. */
    static void put(CacheRun run, int questions, IntFunction<String> requests) throws InterruptedException {
        run.asking.run(questions, CacheRun.AT_ONCE, (n, done) -> {
            int number = (int) n;
            byte[] put = Requests.put(requests.apply(number), run.questions.answer(number));
            run.gateway.ask(
                    put, answer -> done.done(answer.status() == 201 ? Outcome.STORED : Outcome.REFUSED, answer));
        });
    }

    /** By the proxy, which has asked the model once for each. */
    static Round proxied(Stage stage, Settings settings) throws InterruptedException {
        try (FakeModel model = new FakeModel(settings.bytes(), Duration.ZERO)) {
            stage.set(List.of("upstream.url=" + model.url()));
            try (CacheRun run = new CacheRun(stage, settings)) {
                byte[][] chats = IntStream.range(0, settings.conversations())
                        .mapToObj(number -> Requests.chat(run.questions.request(number)))
                        .toArray(byte[][]::new);
                run.asking.run(
                        chats.length,
                        CacheRun.AT_ONCE,
                        (n, done) ->
                                run.gateway.ask(chats[(int) n], answer -> done.done(Outcome.ofProxy(answer), answer)));
                return all(run, chats, true);
            }
        }
    }

    private static Round all(CacheRun run, byte[][] requests, boolean proxy) throws InterruptedException {
        long before = run.asking.count(Outcome.MISSED);
        run.pace(ask(run, requests, proxy));
        long missed = run.asking.count(Outcome.MISSED) - before;
        run.round.latencies(run.times(Outcome.EXACT));
        run.round.put("hits", run.asking.count(Outcome.EXACT));
        run.round.put("missed", missed);
        run.ledger();
        if (missed > 0) {
            run.round.problem("FAILED: " + missed + " answers were not in the cache");
        }
        if (run.times(Outcome.EXACT).getTotalCount() == 0) {
            run.round.problem("nothing was found");
        }
        return run.round;
    }

    private static Asking.Ask ask(CacheRun run, byte[][] requests, boolean proxy) {
        return (n, done) -> {
            int number = new SplittableRandom(n).nextInt(requests.length);
            run.gateway.ask(requests[number], answer -> {
                Outcome outcome = proxy ? Outcome.ofProxy(answer) : Outcome.ofLookup(answer);
                done.done(outcome.checked(run.questions, number, answer), answer);
            });
        };
    }
}
