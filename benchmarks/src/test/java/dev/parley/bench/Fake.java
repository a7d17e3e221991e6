package dev.parley.bench;

import dev.parley.bench.result.Round;
import dev.parley.bench.scenario.Phase;
import dev.parley.bench.scenario.Scenario;
import dev.parley.bench.scenario.Settings;
import dev.parley.bench.scenario.Stage;
import dev.parley.bench.subject.Via;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/** A scenario that measures nothing, on a gateway that nobody asks whether it is there: no server is needed. */
record Fake(Supplier<Round> rounds) implements Scenario {

    static final URI GATEWAY = URI.create("http://127.0.0.1:1");

    static final Phase PHASE =
            new Phase("only", new Settings(1, 1, 0, 1, Duration.ofSeconds(1), Duration.ZERO, 200, Via.NONE, 1));

    @Override
    public String name() {
        return "fake";
    }

    @Override
    public String about() {
        return "";
    }

    @Override
    public List<Phase> phases() {
        return List.of(PHASE);
    }

    @Override
    public Round run(Stage stage, Settings settings) {
        return rounds.get();
    }
}
