package dev.parley.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.bench.scenario.Phase;
import dev.parley.bench.scenario.Scenario;
import dev.parley.bench.scenario.Scenarios;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;

class RunOptionsTest {

    private static final Scenario STORM = Scenarios.named("storm");

    @Test
    void onlyThePhasesThatWereAskedForAreMeasured() {
        assertThat(options("--phase", "random").phases(STORM))
                .extracting(Phase::name)
                .containsExactly("random");
        assertThat(options().phases(STORM)).extracting(Phase::name).containsExactly("all-at-once", "random");
    }

    @Test
    void aPhaseThatTheScenarioDoesNotHaveIsRefused() {
        RunOptions options = options("--phase", "random,radnom");
        assertThatThrownBy(() -> options.phases(STORM))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("storm has no phase radnom: one of all-at-once, random");
    }

    @Test
    void aPhaseThatEndsByItselfHasNoDuration() {
        assertThat(options("--duration", "7s").phases(STORM))
                .extracting(phase -> phase.settings().duration())
                .containsExactly(Duration.ZERO, Duration.ofSeconds(7));
    }

    @Test
    void systemsAreComparedInSeveralRounds() {
        assertThat(options().rounds(3)).isEqualTo(3);
        assertThat(options("--rounds", "5").rounds(3)).isEqualTo(5);
        RunOptions none = options("--rounds", "0");
        assertThatThrownBy(() -> none.rounds(3)).isInstanceOf(IllegalArgumentException.class);
    }

    /** {@code bench} itself, without what is measured. */
    @Test
    void whatCannotBeMeasuredIsAnErrorAndNoEmptyFile(@TempDir Path directory) {
        for (List<String> wrong : List.of(
                List.of("run", "tokens", "--phase", "pubsub"),
                List.of("peers", "durable"),
                List.of("peers", "tokens", "--phase", "durable-paced"),
                List.of("peers", "tokens", "--with", "parley,rwa"))) {
            Path out = directory.resolve("results.json");
            List<String> command = new ArrayList<>(wrong);
            command.addAll(List.of("--out", out.toString()));
            assertThat(Main.commandLine()
                            .setErr(new PrintWriter(Writer.nullWriter()))
                            .execute(command.toArray(String[]::new)))
                    .as("bench %s", wrong)
                    .isEqualTo(1);
            assertThat(out).doesNotExist();
        }
    }

    private static RunOptions options(String... arguments) {
        Holder holder = new Holder();
        new CommandLine(holder).parseArgs(arguments);
        return holder.options;
    }

    @Command
    private static final class Holder {
        @CommandLine.Mixin
        private final RunOptions options = new RunOptions();
    }
}
