package dev.parley.bench;

import dev.parley.bench.scenario.Phase;
import dev.parley.bench.scenario.Scenarios;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code bench scenarios}. */
@Command(name = "scenarios", mixinStandardHelpOptions = true, description = "Lists the scenarios and their phases.")
final class ScenariosCommand implements Runnable {

    @Spec
    CommandSpec spec;

    @Override
    public void run() {
        Scenarios.ALL.forEach(scenario -> spec.commandLine()
                .getOut()
                .printf(
                        "%-10s %s%n%10s phases: %s%n",
                        scenario.name(),
                        scenario.about(),
                        "",
                        String.join(
                                ", ",
                                scenario.phases().stream().map(Phase::name).toList())));
    }
}
