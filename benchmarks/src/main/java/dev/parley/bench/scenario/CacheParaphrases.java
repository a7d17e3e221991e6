package dev.parley.bench.scenario;

import dev.parley.bench.llm.Asking;
import dev.parley.bench.llm.Outcome;
import dev.parley.bench.llm.Paraphrases;
import dev.parley.bench.llm.Requests;
import dev.parley.bench.result.Round;
import java.util.List;

/** Short questions that were asked in other words, each wording once: every one has to be embedded. */
final class CacheParaphrases {

    private static final String EMBEDDER = "cache.semantic.embedder";
    private static final String JAR = "langchain4j-embeddings-all-minilm";

    private CacheParaphrases() {}

    static Round run(Stage stage, Settings settings) throws InterruptedException {
        if (stage.startsTheGateway() && !stage.sets(EMBEDDER) && !stage.hasExtension(JAR)) {
            Round none = new Round();
            none.problem(
                    "not measured: there is no embedder in the gateway's extensions/. To have it there:"
                            + " mvn dependency:copy-dependencies -DincludeScope=provided -DoutputDirectory=target/parley/extensions");
            return none;
        }
        Paraphrases paraphrases = new Paraphrases(settings.conversations());
        double asked =
                settings.rate() * (settings.warmUp().plus(settings.duration()).toMillis() / 1e3 + 1);
        if (asked > paraphrases.wordings()) {
            throw new IllegalArgumentException(
                    "there are %,d wordings, and %,.0f would be asked: take more --conversations, %d at most"
                            .formatted(paraphrases.wordings(), asked, Paraphrases.MOST));
        }
        if (stage.startsTheGateway()) {
            stage.set(List.of(EMBEDDER + "=minilm"));
        }
        try (CacheRun run = new CacheRun(stage, settings)) {
            CacheHits.put(run, settings.conversations(), number -> run.questions.request(paraphrases.stored(number)));
            stage.progress().say("%,d answers are in the cache".formatted(settings.conversations()));
            run.pace(ask(run, paraphrases));
            long hits = run.asking.count(Outcome.SEMANTIC);
            long missed = run.asking.count(Outcome.MISSED);
            run.round.latencies(run.times(Outcome.SEMANTIC));
            Sessions.percentiles("missed", run.times(Outcome.MISSED), run.round);
            run.round.put("hits", hits);
            run.round.put("not_found", missed);
            run.round.put("hit_percent", 100.0 * hits / Math.max(1, hits + missed));
            run.ledger();
            if (run.times(Outcome.SEMANTIC).getTotalCount() == 0) {
                run.round.problem("nothing was found");
            }
            if (run.asking.count(Outcome.EXACT) > 0) {
                run.round.problem(run.asking.count(Outcome.EXACT) + " questions had been asked before");
            }
            return run.round;
        }
    }

    private static Asking.Ask ask(CacheRun run, Paraphrases paraphrases) {
        return (n, done) -> {
            int number = paraphrases.question(n);
            byte[] lookup = Requests.lookup(run.questions.request(paraphrases.wording(n)));
            run.gateway.ask(
                    lookup,
                    answer -> done.done(Outcome.ofLookup(answer).checked(run.questions, number, answer), answer));
        };
    }
}
