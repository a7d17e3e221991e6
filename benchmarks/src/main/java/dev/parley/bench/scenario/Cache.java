package dev.parley.bench.scenario;

import dev.parley.bench.result.Round;
import dev.parley.bench.subject.Via;
import java.time.Duration;
import java.util.List;

/** The LLM cache: what it finds, what it passes on, and what it saves. */
final class Cache implements Scenario {

    private static final int QUESTIONS = 1_000;
    private static final int CONNECTIONS = 64;
    private static final double RATE = 1_000;

    private static final int REWORDED = 500;
    private static final double REWORDED_RATE = 50;

    private static final double MISSES = 400;

    private static final int MIXED = 5_000;
    private static final int MIXED_CONNECTIONS = 256;
    private static final double MIXED_RATE = 200;
    private static final Duration MIXED_FOR = Duration.ofMinutes(1);

    @Override
    public String name() {
        return "cache";
    }

    @Override
    public String about() {
        return "LLM cache over HTTP: 1,000 exact hits/s, semantic hits, proxied misses, and a mix of 5,000 questions";
    }

    @Override
    public List<Phase> phases() {
        Settings hits = Settings.of(QUESTIONS, CONNECTIONS, RATE, Via.HTTP);
        Settings mix =
                Settings.of(MIXED, MIXED_CONNECTIONS, MIXED_RATE, Via.HTTP).duration(MIXED_FOR);
        return List.of(
                Phase.of("exact", hits),
                Phase.of("exact-proxy", hits),
                Phase.of("semantic", Settings.of(REWORDED, CONNECTIONS, REWORDED_RATE, Via.HTTP)),
                Phase.of("miss", Settings.of(1, CONNECTIONS, MISSES, Via.HTTP)),
                Phase.of("mix", mix),
                Phase.of("mix-proxy", mix));
    }

    @Override
    public Round run(Stage stage, Settings settings) throws InterruptedException {
        if (settings.via() != Via.HTTP) {
            throw new IllegalArgumentException("the cache is asked over HTTP: leave out --via");
        }
        if (settings.rate() == 0) {
            throw new IllegalArgumentException("the cache is asked at a rate: --rate max is not for it");
        }
        return switch (stage.phase()) {
            case "exact" -> CacheHits.lookups(stage, settings);
            case "exact-proxy" -> CacheHits.proxied(stage, settings);
            case "semantic" -> CacheParaphrases.run(stage, settings);
            case "miss" -> CacheMisses.run(stage, settings);
            case "mix" -> CacheMix.lookups(stage, settings);
            case "mix-proxy" -> CacheMix.proxied(stage, settings);
            default -> throw new IllegalArgumentException("there is no phase " + stage.phase());
        };
    }
}
