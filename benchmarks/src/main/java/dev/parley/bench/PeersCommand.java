package dev.parley.bench;

import dev.parley.bench.result.Machine;
import dev.parley.bench.result.Result;
import dev.parley.bench.result.Results;
import dev.parley.bench.result.Round;
import dev.parley.bench.scenario.Phase;
import dev.parley.bench.scenario.Scenario;
import dev.parley.bench.scenario.Scenarios;
import dev.parley.bench.subject.Systems;
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

/** {@code bench peers}. Rounds go through all systems in turn, so that what disturbs the machine disturbs all of them. */
@Command(
        name = "peers",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Runs a scenario on Parley and its peers in turn, and prints the ratios. peers/install installs them.")
final class PeersCommand implements Callable<Integer> {

    @Parameters(paramLabel = "SCENARIO", description = "tokens or fanout")
    String scenario = "";

    @Mixin
    RunOptions options = new RunOptions();

    @Option(names = "--with", split = ",", paramLabel = "SYSTEM", description = "only these (default: all)")
    List<String> systems = List.copyOf(Systems.names());

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "where the results go (default: results/peers-<scenario>.json)")
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
                if (options.wants(own)
                        && systems.stream()
                                        .filter(system -> Systems.takes(system, own.via()))
                                        .count()
                                > 1) {
                    List<Result> phase = compare(lab, chosen, options.apply(own), terminal);
                    terminal.ratios(phase);
                    results.addAll(phase);
                }
            }
        }
        Path file = out == null ? Path.of("results", "peers-" + chosen.name() + ".json") : out;
        Results.of(spec.commandLine().getParseResult().originalArgs(), Machine.here(), results)
                .write(file);
        terminal.say("written to " + file);
        return results.stream().allMatch(Result::valid) ? 0 : 3;
    }

    private List<Result> compare(Lab lab, Scenario chosen, Phase phase, Terminal terminal) throws InterruptedException {
        Map<String, List<Round>> rounds = new LinkedHashMap<>();
        Map<String, Map<String, String>> versions = new LinkedHashMap<>();
        for (int i = 1; i <= options.rounds; i++) {
            for (String system : systems) {
                if (Systems.takes(system, phase.via())) {
                    terminal.title("%s/%s, round %d of %d, %s"
                            .formatted(chosen.name(), phase.name(), i, options.rounds, system));
                    rounds.computeIfAbsent(system, name -> new ArrayList<>())
                            .add(lab.round(
                                    system,
                                    chosen,
                                    phase,
                                    versions.computeIfAbsent(system, name -> new LinkedHashMap<>())));
                }
            }
        }
        return rounds.entrySet().stream()
                .map(one -> Result.of(
                        chosen.name(),
                        phase.name(),
                        one.getKey(),
                        phase.settings().asText(),
                        versions.getOrDefault(one.getKey(), Map.of()),
                        one.getValue()))
                .toList();
    }
}
