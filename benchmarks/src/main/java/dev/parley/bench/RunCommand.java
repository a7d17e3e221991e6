package dev.parley.bench;

import dev.parley.bench.result.Machine;
import dev.parley.bench.result.Result;
import dev.parley.bench.result.Results;
import dev.parley.bench.result.Round;
import dev.parley.bench.scenario.Phase;
import dev.parley.bench.scenario.Scenario;
import dev.parley.bench.scenario.Scenarios;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
        List<Result> results = new ArrayList<>();
        try (Lab lab = new Lab(options.launch(), terminal)) {
            for (Phase own : chosen.phases()) {
                if (options.wants(own)) {
                    Phase phase = options.apply(own);
                    List<Round> rounds = new ArrayList<>();
                    Map<String, String> versions = new LinkedHashMap<>();
                    for (int i = 1; i <= options.rounds; i++) {
                        terminal.title(chosen.name() + "/" + phase.name() + ", round " + i + " of " + options.rounds);
                        rounds.add(lab.round("parley", chosen, phase, versions));
                    }
                    Result result = Result.of(
                            chosen.name(),
                            phase.name(),
                            "parley",
                            phase.settings().asText(),
                            versions,
                            rounds);
                    terminal.print(result);
                    results.add(result);
                }
            }
        }
        Path file = out == null ? Path.of("results", chosen.name() + ".json") : out;
        Results.of(spec.commandLine().getParseResult().originalArgs(), Machine.here(), results)
                .write(file);
        terminal.say("written to " + file);
        return results.stream().allMatch(Result::valid) ? 0 : 3;
    }
}
