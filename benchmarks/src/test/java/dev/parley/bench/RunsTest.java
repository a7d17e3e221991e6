package dev.parley.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.bench.result.Result;
import dev.parley.bench.result.Results;
import dev.parley.bench.result.Round;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunsTest {

    @TempDir
    Path directory;

    /** What had been measured is there, and does not pass for what was asked for. */
    @Test
    void aRoundThatFailsCostsNoneOfThoseBeforeIt() throws IOException {
        Queue<Round> rounds = new ArrayDeque<>(List.of(round(1), round(2)));
        assertThatThrownBy(() -> run(new Fake(rounds::remove), 3, "parley")).isInstanceOf(RuntimeException.class);

        assertThat(written().rounds())
                .extracting(round -> round.figures().get("lost"))
                .containsExactly(1.0, 2.0);
        assertThat(written().problems()).containsExactly("it was ended after 2 of 3 rounds");
    }

    @Test
    void afterTheLastRoundItIsWhole() throws Exception {
        assertThat(run(new Fake(() -> round(0)), 2, "parley")).isZero();

        assertThat(written().rounds()).hasSize(2);
        assertThat(written().valid()).isTrue();
        assertThat(directory).isDirectoryNotContaining("glob:**.part");
    }

    @Test
    void allSystemsAreLookedForBeforeTheFirstIsMeasured() {
        assertThatThrownBy(() -> run(
                        new Fake(() -> {
                            throw new AssertionError("measured");
                        }),
                        1,
                        "parley",
                        "raw"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("mvn -DskipTests package");
        assertThat(file()).doesNotExist();
    }

    private int run(Fake scenario, int rounds, String... systems) throws IOException, InterruptedException {
        RunOptions options = new RunOptions();
        options.gateway = Fake.GATEWAY;
        options.rounds = rounds;
        options.parley = directory.resolve("nowhere");
        return new Runs(scenario, options, new Terminal(new PrintWriter(Writer.nullWriter())))
                .all(List.of(systems), 1, 1, results -> {}, List.of("run", "fake"), file());
    }

    private Result written() throws IOException {
        return Results.read(file()).results().get(0);
    }

    private Path file() {
        return directory.resolve("results.json");
    }

    private static Round round(double lost) {
        Round round = new Round();
        round.put("lost", lost);
        return round;
    }
}
