package dev.parley.bench;

import dev.parley.bench.result.Machine;
import dev.parley.bench.result.Result;
import dev.parley.bench.result.Results;
import dev.parley.bench.result.Round;
import dev.parley.bench.scenario.Phase;
import dev.parley.bench.scenario.Scenario;
import dev.parley.bench.subject.Launch;
import dev.parley.bench.subject.Systems;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A scenario on one or several systems. Rounds go through all systems in turn, so that what disturbs the machine disturbs all of them. */
record Runs(Scenario scenario, RunOptions options, Terminal terminal) {

    /** Some result does not count. */
    private static final int INVALID = 3;

    /**
     * Measures each phase that is wanted and shows it. What has been measured is written into a file after each round, so that one that
     * fails costs none of those before it. Blocks.
     *
     * @param least systems that must take a phase's events, else it is left out
     * @param usually rounds when none were asked for
     * @param show gets a phase's results, one for each system
     * @return the exit code
     */
    int all(List<String> systems, int least, int usually, Consumer<List<Result>> show, List<String> command, Path file)
            throws IOException, InterruptedException {
        int rounds = options.rounds(usually);
        Map<Phase, List<String>> measured = measured(systems, least);
        options.check(scenario, List.copyOf(measured.keySet()));
        Launch launch = options.launch();
        List<Result> results = new ArrayList<>();
        try (Lab lab = new Lab(launch, options.postgres, terminal)) {
            for (String system : systems(measured)) {
                Systems.check(system, launch);
            }
            for (Map.Entry<Phase, List<String>> one : measured.entrySet()) {
                List<Result> phase = phase(lab, one.getKey(), one.getValue(), rounds, soFar -> {
                    List<Result> all =
                            Stream.concat(results.stream(), soFar.stream()).toList();
                    Results.of(command, Machine.here(), all).write(file);
                });
                show.accept(phase);
                results.addAll(phase);
            }
        }
        terminal.say("written to " + file);
        return results.stream().allMatch(Result::valid) ? 0 : INVALID;
    }

    /** What is measured on whom. Nothing at all, or less than was asked for by name, is an error: it would be written over what was measured before. */
    private Map<Phase, List<String>> measured(List<String> systems, int least) {
        Map<Phase, List<String>> measured = new LinkedHashMap<>();
        for (Phase phase : options.phases(scenario)) {
            List<String> taking = systems.stream()
                    .filter(system ->
                            Systems.takes(system, phase.via(), phase.settings().nodes()))
                    .toList();
            if (taking.size() >= least) {
                measured.put(phase, taking);
            } else if (options.phases.isEmpty()) {
                terminal.say(leftOut(phase, taking));
            } else {
                throw new IllegalArgumentException(leftOut(phase, taking));
            }
        }
        if (measured.isEmpty()) {
            throw new IllegalArgumentException(scenario.name() + " has no phase that these systems can be compared in");
        }
        return measured;
    }

    private static Set<String> systems(Map<Phase, List<String>> measured) {
        return measured.values().stream().flatMap(List::stream).collect(Collectors.toCollection(LinkedHashSet::new));
    }

    private static String leftOut(Phase phase, List<String> taking) {
        int nodes = phase.settings().nodes();
        return "%s is not measured: events come by %s%s, which only %s takes"
                .formatted(
                        phase.name(),
                        phase.via(),
                        nodes == 1 ? "" : " to " + nodes + " nodes",
                        taking.isEmpty() ? "none of these" : String.join(", ", taking));
    }

    /** What has been measured is to be kept. */
    private interface Kept {
        void keep(List<Result> soFar) throws IOException;
    }

    private List<Result> phase(Lab lab, Phase phase, List<String> systems, int count, Kept kept)
            throws IOException, InterruptedException {
        Map<String, List<Round>> rounds = new LinkedHashMap<>();
        Map<String, Map<String, String>> versions = new LinkedHashMap<>();
        List<Result> soFar = List.of();
        for (int i = 1; i <= count; i++) {
            for (String system : systems) {
                terminal.title("%s/%s, round %d of %d, %s".formatted(scenario.name(), phase.name(), i, count, system));
                Map<String, String> own = versions.computeIfAbsent(system, first -> new LinkedHashMap<>());
                Round round = lab.round(system, scenario, phase, own);
                rounds.computeIfAbsent(system, first -> new ArrayList<>()).add(round);
                soFar = results(phase, rounds, versions, count);
                kept.keep(soFar);
            }
        }
        return soFar;
    }

    private List<Result> results(
            Phase phase, Map<String, List<Round>> rounds, Map<String, Map<String, String>> versions, int count) {
        return rounds.entrySet().stream()
                .map(one -> Result.of(
                                scenario.name(),
                                phase.name(),
                                one.getKey(),
                                phase.settings().asText(),
                                versions.getOrDefault(one.getKey(), Map.of()),
                                one.getValue())
                        .ofRounds(count))
                .toList();
    }
}
