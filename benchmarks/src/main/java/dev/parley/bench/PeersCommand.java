package dev.parley.bench;

import dev.parley.bench.scenario.Scenario;
import dev.parley.bench.scenario.Scenarios;
import dev.parley.bench.subject.Systems;
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

/** {@code bench peers}. */
@Command(
        name = "peers",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Runs a scenario on Parley and its peers in turn, and prints the ratios. peers/install installs them.")
final class PeersCommand implements Callable<Integer> {

    /** Fewer are no comparison on a machine that others use, too. */
    private static final int ROUNDS = 3;

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
        if (options.nodes != null) {
            throw new IllegalArgumentException("each peer is one process: leave out --nodes");
        }
        Scenario chosen = Scenarios.named(scenario);
        Terminal terminal = new Terminal(spec.commandLine().getErr());
        return new Runs(chosen, options, terminal)
                .all(
                        systems,
                        2,
                        ROUNDS,
                        terminal::ratios,
                        spec.commandLine().getParseResult().originalArgs(),
                        out == null ? Path.of("results", "peers-" + chosen.name() + ".json") : out);
    }
}
