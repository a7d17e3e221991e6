package dev.parley.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.bench.scenario.Phase;
import dev.parley.bench.scenario.Scenario;
import dev.parley.bench.scenario.Scenarios;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

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
    }

    @ParameterizedTest
    @ValueSource(strings = {"--sockets", "--conversations", "--bytes", "--window", "--nodes", "--rounds"})
    void whatIsCountedIsOneOrMore(String option) {
        for (String wrong : List.of("0", "-1", "NaN", "1.5", "99999999999")) {
            assertThatThrownBy(() -> options(option, wrong))
                    .isInstanceOf(ParameterException.class)
                    .hasMessage("Invalid value for option '%s': '%s' is not allowed, but a whole number from 1 on"
                            .formatted(option, wrong));
        }
        assertThatCode(() -> options(option, "1")).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "NaN", "Infinity", "-Infinity", "fast"})
    void aRateIsMoreThanNothing(String wrong) {
        assertThatThrownBy(() -> options("--rate", wrong))
                .isInstanceOf(ParameterException.class)
                .hasMessage("Invalid value for option '--rate': '" + wrong
                        + "' is not allowed, but a number of more than 0, or max");
        assertThat(options("--rate", "0.5").rate).isEqualTo(0.5);
        assertThat(options("--rate", "max").rate).isZero();
    }

    @Test
    void onlyTheWarmUpMayTakeNoTime() {
        for (String wrong : List.of("0s", "-1s", "NaN", "10", "s")) {
            assertThatThrownBy(() -> options("--duration", wrong))
                    .isInstanceOf(ParameterException.class)
                    .hasMessage("Invalid value for option '--duration': '" + wrong
                            + "' is not allowed, but a time such as 10s or 2m");
        }
        for (String wrong : List.of("-1s", "NaN")) {
            assertThatThrownBy(() -> options("--warm-up", wrong))
                    .isInstanceOf(ParameterException.class)
                    .hasMessage("Invalid value for option '--warm-up': '" + wrong
                            + "' is not allowed, but a time such as 10s or 2m, or 0s");
        }
        assertThat(options("--warm-up", "0s").warmUp).isEqualTo(Duration.ZERO);
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

    /** A peer is one process: beside it several gateways would be another comparison. */
    @Test
    void peersAreNotComparedOnSeveralNodes(@TempDir Path directory) {
        String out = directory.resolve("results.json").toString();
        String nowhere = directory.resolve("parley").toString();
        assertThat(said("peers", "tokens", "--nodes", "2", "--parley", nowhere, "--out", out))
                .contains("--nodes")
                .contains("each peer is one process");
        assertThat(said("peers", "scale", "--phase", "nodes-2", "--parley", nowhere, "--out", out))
                .contains("nodes-2 is not measured: events come by PUBSUB to 2 nodes, which only parley takes");
        assertThat(directory).isEmptyDirectory();
    }

    private static String said(String... command) {
        StringWriter err = new StringWriter();
        assertThat(Main.commandLine().setErr(new PrintWriter(err)).execute(command))
                .isEqualTo(1);
        return err.toString();
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
