package dev.parley.bench;

import static dev.parley.bench.result.Sample.results;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.bench.result.Result;
import dev.parley.bench.result.Sample;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class CompareCommandTest {

    @TempDir
    Path directory;

    private final StringWriter out = new StringWriter();

    @BeforeEach
    void anEarlierFile() throws IOException {
        write("a", Sample.of("tokens/paced", "parley", "latency_p99_ms", 10, 11, 12));
    }

    @Test
    void whatGotWorseIsSaidAndIsNoFailureByItself() throws IOException {
        write("b", Sample.of("tokens/paced", "parley", "latency_p99_ms", 20, 22, 24));
        assertThat(compare()).isZero();
        assertThat(out.toString()).contains("latency_p99_ms").contains("2.000  WORSE");
    }

    @Test
    void whatGotWorseByMoreThanIsAllowedFails() throws IOException {
        write("b", Sample.of("tokens/paced", "parley", "latency_p99_ms", 20, 22, 24));
        assertThat(compare("--fail-above", "1.10")).isEqualTo(3);
        assertThat(out.toString()).contains("! tokens/paced parley: latency_p99_ms is worse by a factor of 2.000");
        assertThat(compare("--fail-above", "2.10")).isZero();
    }

    @Test
    void aFactorThatNothingIsAboveIsRefused() throws IOException {
        write("b", Sample.of("tokens/paced", "parley", "latency_p99_ms", 20, 22, 24));
        for (String wrong : List.of("NaN", "0.9", "-1")) {
            StringWriter err = new StringWriter();
            int code = new CommandLine(new CompareCommand())
                    .setErr(new PrintWriter(err))
                    .execute(concat(new String[] {"--fail-above", wrong}, "a", "b"));
            assertThat(code).isEqualTo(2);
            assertThat(err.toString()).contains("--fail-above").contains("a number from 1 on");
        }
    }

    @Test
    void noiseDoesNotFail() throws IOException {
        write("b", Sample.of("tokens/paced", "parley", "latency_p99_ms", 12, 22, 24));
        assertThat(compare("--fail-above", "1.10")).isZero();
        assertThat(out.toString()).contains("within the noise");
    }

    @Test
    void aSingleRoundIsSaidToHaveNoRange() throws IOException {
        write("b", Sample.of("tokens/paced", "parley", "latency_p99_ms", 20));
        assertThat(compare()).isZero();
        assertThat(out.toString()).contains("one round has no range");
    }

    @Test
    void filesWithNothingInCommonSaySo() throws IOException {
        write("b", Sample.of("storm/random", "parley", "lost", 0));
        assertThat(compare()).isZero();
        assertThat(out.toString())
                .contains("only in ")
                .contains("tokens/paced parley")
                .contains("storm/random parley")
                .contains("nothing in common");
    }

    @Test
    void whatDoesNotCountFails() throws IOException {
        Result lossy = Sample.of("tokens/paced", "parley", "latency_p99_ms", 10, 11, 12);
        lossy.rounds().get(1).problem("FAILED: 3 durable deliveries were lost");
        write("b", Sample.of("tokens/paced", "parley", lossy.rounds()));
        assertThat(compare("--fail-above", "1.10")).isEqualTo(3);
        assertThat(out.toString())
                .contains("! tokens/paced parley: B does not count: FAILED: 3 durable deliveries were lost");
        assertThat(compare()).isZero();
    }

    /** What was measured badly is no measure: anything is better than a client that was the bottleneck. */
    @Test
    void nothingIsComparedWithWhatDoesNotCount() throws IOException {
        Result busy = Sample.of("tokens/paced", "parley", "latency_p99_ms", 10, 11, 12);
        busy.rounds().get(0).problem("the client was the bottleneck");
        write("a", Sample.of("tokens/paced", "parley", busy.rounds()));
        write("b", Sample.of("tokens/paced", "parley", "latency_p99_ms", 5, 6, 7));
        assertThat(compare("--fail-above", "1.10")).isEqualTo(3);
        assertThat(out.toString()).contains("! tokens/paced parley: A does not count: the client was the bottleneck");
    }

    @Test
    void whatTheLaterFileLacksFails() throws IOException {
        write("b", Sample.of("storm/random", "parley", "lost", 0));
        assertThat(compare("--fail-above", "1.10")).isEqualTo(3);
        assertThat(out.toString()).contains("! tokens/paced parley: is not in " + directory.resolve("b"));
    }

    @Test
    void aFigureThatTheLaterFileLacksFailsWhereItJudges() throws IOException {
        Result less = Sample.of("tokens/paced", "parley", "sent", 1, 1, 1);
        write("b", less);
        assertThat(compare("--fail-above", "1.10")).isEqualTo(3);
        assertThat(out.toString()).contains("! tokens/paced parley: B lacks latency_p99_ms");

        write("a", less);
        write("b", Sample.of("tokens/paced", "parley", "latency_p99_ms", 10, 11, 12));
        assertThat(compare("--fail-above", "1.10")).isZero();
    }

    private int compare(String... options) {
        return new CommandLine(new CompareCommand())
                .setOut(new PrintWriter(out))
                .execute(concat(
                        options,
                        directory.resolve("a").toString(),
                        directory.resolve("b").toString()));
    }

    private static String[] concat(String[] options, String... files) {
        String[] all = java.util.Arrays.copyOf(options, options.length + files.length);
        System.arraycopy(files, 0, all, options.length, files.length);
        return all;
    }

    private void write(String name, Result result) throws IOException {
        results(result).write(directory.resolve(name));
    }
}
