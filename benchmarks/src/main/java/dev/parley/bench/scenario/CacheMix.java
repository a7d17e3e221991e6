package dev.parley.bench.scenario;

import dev.parley.bench.llm.Answered;
import dev.parley.bench.llm.Asking;
import dev.parley.bench.llm.CacheStats;
import dev.parley.bench.llm.FakeModel;
import dev.parley.bench.llm.Lines;
import dev.parley.bench.llm.Outcome;
import dev.parley.bench.llm.Requests;
import dev.parley.bench.llm.Savings;
import dev.parley.bench.llm.Zipf;
import dev.parley.bench.result.Round;
import java.time.Duration;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * Questions that some ask often and many seldom, of a cache that is empty at first and a model that takes its time. What the gateway says that
 * it has saved is compared with what those who asked have seen.
 */
final class CacheMix {

    private static final Duration MODEL = Duration.ofMillis(300);

    /** More than the model takes. */
    private static final int PATIENCE_MS = 20_000;

    /** What the gateway adds up has six decimals at most. */
    private static final double ROUNDING = 1e-6;

    private static final String TOKEN = "\"token\":\"";

    private final CacheRun run;
    private final FakeModel model;
    private final Zipf zipf;
    private final int questions;
    /** Of what is measured: its questions' numbers are those of the warm-up and {@link #questions} more. */
    private final Savings savings;

    private CacheMix(CacheRun run, FakeModel model, int questions) {
        this.run = run;
        this.model = model;
        this.zipf = new Zipf(questions);
        this.questions = questions;
        this.savings = new Savings(questions);
    }

    /** Agents that look up, ask the model themselves and put its answer, with what it has cost. */
    static Round lookups(Stage stage, Settings settings) throws InterruptedException {
        try (FakeModel model = new FakeModel(settings.bytes(), MODEL);
                CacheRun run = new CacheRun(stage, settings);
                Lines direct = new Lines(stage.loop(), model.address(), settings.sockets());
                // Others may wait on all of the first ones for what is put.
                Lines puts = new Lines(stage.loop(), stage.subject().nodes().get(0), settings.sockets())) {
            CacheMix mix = new CacheMix(run, model, settings.conversations());
            CacheStats counted = mix.measured((number, saved, done) -> mix.lookup(direct, puts, number, saved, done));
            Round round = run.round;
            round.put("seconds_saved", counted.seconds());
            round.put("money_saved", counted.money());
            mix.agrees("seconds saved", counted.seconds(), mix.savings.seconds(), mix.savings.seconds());
            double money = mix.savings.money(run.questions, mix.questions);
            mix.agrees("money saved", counted.money(), money, money);
            return round;
        }
    }

    /** Agents that know the proxy only. It does not know what an answer costs, so that is counted here alone. */
    static Round proxied(Stage stage, Settings settings) throws InterruptedException {
        try (FakeModel model = new FakeModel(settings.bytes(), MODEL)) {
            stage.set(List.of("upstream.url=" + model.url(), "upstream.pool=1000"));
            try (CacheRun run = new CacheRun(stage, settings)) {
                CacheMix mix = new CacheMix(run, model, settings.conversations());
                CacheStats counted = mix.measured(mix::chat);
                Round round = run.round;
                round.put("seconds_saved", counted.seconds());
                round.put("client_money_saved", mix.savings.money(run.questions, mix.questions));
                // From the gateway to the model and back is more than the model takes and less than what is seen here.
                mix.agrees(
                        "seconds saved",
                        counted.seconds(),
                        mix.savings.hits() * MODEL.toMillis() / 1e3,
                        mix.savings.seconds());
                return round;
            }
        }
    }

    /** Asks a question. */
    private interface Agent {

        /** @param saved where it is counted */
        void ask(int number, Counted saved, Asking.Done done);
    }

    /** One question's part in what is saved; that of a warm-up is none. */
    private record Counted(Savings savings, int question) {

        void hit() {
            savings.hit(question);
        }

        /** Returns how long it has taken, in milliseconds. */
        long computed(long began) {
            long took = (System.nanoTime() - began + 999_999) / 1_000_000;
            savings.computed(question, took);
            return took;
        }
    }

    private CacheStats measured(Agent agent) throws InterruptedException {
        Savings warm = new Savings(questions);
        run.warmUp(
                (n, done) -> {
                    int question = zipf.question(n);
                    agent.ask(question, new Counted(warm, question), done);
                },
                true);
        CacheStats before = CacheStats.of(run.gateway);
        long calls = model.calls();
        long asked = run.asking.asked();
        run.start((n, done) -> {
            int question = zipf.question(n);
            agent.ask(questions + question, new Counted(savings, question), done);
        });
        run.measure();
        CacheStats counted = CacheStats.of(run.gateway).since(before);
        report(counted, run.asking.asked() - asked, model.calls() - calls);
        return counted;
    }

    private void report(CacheStats counted, long asked, long calls) {
        Round round = run.round;
        Histogram all = new Histogram(3);
        add(all, "hit", Outcome.EXACT);
        add(all, "joined", Outcome.JOINED);
        add(all, "missed", Outcome.MISSED);
        round.latencies(all);
        round.put("measured", asked);
        round.put("hits", counted.exact());
        round.put("joined", counted.joined());
        round.put("hit_percent", 100.0 * counted.hits() / Math.max(1, counted.hits() + counted.misses()));
        round.put("upstream_calls", calls);
        round.put("money_spent", savings.spent(run.questions, questions));
        run.ledger();
        agrees("hits", counted.hits(), savings.hits(), savings.hits());
        agrees("misses", counted.misses(), calls, calls);
        agrees("calls upstream", calls, savings.computed(), savings.computed());
        if (savings.twice() > 0) {
            round.problem("FAILED: the model was asked more than once for " + savings.twice() + " questions");
        }
        if (counted.hits() == 0) {
            round.problem("nothing was found");
        }
    }

    private void add(Histogram all, String what, Outcome outcome) {
        Histogram times = run.times(outcome);
        all.add(times);
        if (times.getTotalCount() > 0) {
            Sessions.percentiles(what, times, run.round);
        }
    }

    private void agrees(String what, double gateway, double least, double most) {
        if (gateway < least - ROUNDING || gateway > most + ROUNDING) {
            run.round.problem("FAILED: %s: the gateway has counted %s, and those who asked %s"
                    .formatted(what, gateway, least == most ? least : least + " to " + most));
        }
    }

    private void lookup(Lines direct, Lines puts, int number, Counted saved, Asking.Done done) {
        String request = run.questions.request(number);
        run.gateway.ask(Requests.lookupOrLead(request, PATIENCE_MS), answer -> {
            Outcome outcome = Outcome.ofLookup(answer).checked(run.questions, number, answer);
            if (outcome == Outcome.MISSED) {
                String token = token(answer);
                if (token.isEmpty()) {
                    done.done(Outcome.REFUSED, answer);
                } else {
                    compute(direct, puts, number, token, saved, done);
                }
            } else {
                found(outcome, answer, saved, done);
            }
        });
    }

    private static String token(Answered answer) {
        int at = answer.body().indexOf(TOKEN);
        return at < 0
                ? ""
                : answer.body().substring(at + TOKEN.length(), answer.body().indexOf('"', at + TOKEN.length()));
    }

    private void compute(Lines direct, Lines puts, int number, String token, Counted saved, Asking.Done done) {
        String request = run.questions.request(number);
        long began = System.nanoTime();
        direct.ask(Requests.chat(request), response -> {
            if (response.status() != 200) {
                done.done(Outcome.REFUSED, response);
                return;
            }
            long took = saved.computed(began);
            byte[] put = Requests.put(request, response.body(), token, run.questions.micros(number), took);
            puts.ask(put, stored -> done.done(stored.status() == 201 ? Outcome.MISSED : Outcome.REFUSED, stored));
        });
    }

    private void chat(int number, Counted saved, Asking.Done done) {
        long began = System.nanoTime();
        run.gateway.ask(Requests.chat(run.questions.request(number)), answer -> {
            Outcome outcome = Outcome.ofProxy(answer).checked(run.questions, number, answer);
            if (outcome == Outcome.MISSED) {
                boolean right = run.questions.answers(number, answer.body());
                long unused = saved.computed(began);
                done.done(right ? Outcome.MISSED : Outcome.WRONG, answer);
            } else {
                found(outcome, answer, saved, done);
            }
        });
    }

    private static void found(Outcome outcome, Answered answer, Counted saved, Asking.Done done) {
        if (outcome == Outcome.EXACT || outcome == Outcome.JOINED) {
            saved.hit();
        }
        done.done(outcome, answer);
    }
}
