package dev.parley.bench;

import dev.parley.bench.result.Machine;
import dev.parley.bench.result.Result;
import dev.parley.bench.result.Results;
import dev.parley.bench.result.Round;
import dev.parley.bench.scenario.Phase;
import dev.parley.bench.scenario.Scenario;
import dev.parley.bench.subject.Systems;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** A scenario on one or several systems. Rounds go through all systems in turn, so that what disturbs the machine disturbs all of them. */
record Runs(Scenario scenario, RunOptions options, Terminal terminal) {

    /** Some result does not count. */
    private static final int INVALID = 3;

    /**
     * Measures each phase that is wanted, shows it, and writes all of it into a file. Blocks.
     *
     * @param least systems that must take a phase's events, else it is left out
     * @param show gets a phase's results, one for each system
     * @return the exit code
     */
    int all(List<String> systems, int least, Consumer<List<Result>> show, List<String> command, Path file)
            throws IOException, InterruptedException {
        List<Result> results = new ArrayList<>();
        try (Lab lab = new Lab(options.launch(), options.postgres, terminal)) {
            for (Phase own : scenario.phases()) {
                List<String> taking = systems.stream()
                        .filter(system -> Systems.takes(system, own.via()))
                        .toList();
                if (options.wants(own) && taking.size() >= least) {
                    List<Result> phase = phase(lab, options.apply(own), taking);
                    show.accept(phase);
                    results.addAll(phase);
                }
            }
        }
        Results.of(command, Machine.here(), results).write(file);
        terminal.say("written to " + file);
        return results.stream().allMatch(Result::valid) ? 0 : INVALID;
    }

    private List<Result> phase(Lab lab, Phase phase, List<String> systems) throws InterruptedException {
        Map<String, List<Round>> rounds = new LinkedHashMap<>();
        Map<String, Map<String, String>> versions = new LinkedHashMap<>();
        for (String system : systems) {
            rounds.put(system, new ArrayList<>());
            versions.put(system, new LinkedHashMap<>());
        }
        for (int i = 1; i <= options.rounds; i++) {
            for (String system : systems) {
                terminal.title("%s/%s, round %d of %d, %s"
                        .formatted(scenario.name(), phase.name(), i, options.rounds, system));
                rounds.get(system).add(lab.round(system, scenario, phase, versions.get(system)));
            }
        }
        return systems.stream()
                .map(system -> Result.of(
                        scenario.name(),
                        phase.name(),
                        system,
                        phase.settings().asText(),
                        versions.get(system),
                        rounds.get(system)))
                .toList();
    }
}
