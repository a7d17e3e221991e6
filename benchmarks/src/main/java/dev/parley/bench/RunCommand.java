package dev.parley.bench;

import dev.parley.bench.scenario.Scenario;
import dev.parley.bench.scenario.Scenarios;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bench run}. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Runs a scenario. Without --gateway it starts Redis and the gateway, too.")
final class RunCommand implements Callable<Integer> {

    @Parameters(paramLabel = "SCENARIO", description = "one of those that bench scenarios lists")
    String scenario = "";

    @Mixin
    RunOptions options = new RunOptions();

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "where the results go (default: results/<scenario>.json)")
    @Nullable
    Path out;

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        Scenario chosen = Scenarios.named(scenario);
        Terminal terminal = new Terminal(spec.commandLine().getErr());
        return new Runs(chosen, options, terminal)
                .all(
                        List.of("parley"),
                        1,
                        1,
                        results -> results.forEach(terminal::print),
                        spec.commandLine().getParseResult().originalArgs(),
                        out == null ? Path.of("results", chosen.name() + ".json") : out);
    }
}
