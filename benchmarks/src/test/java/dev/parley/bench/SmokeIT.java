package dev.parley.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.parley.bench.result.Result;
import dev.parley.bench.result.Results;
import dev.parley.bench.result.Round;
import dev.parley.bench.scenario.Scenario;
import dev.parley.bench.scenario.Scenarios;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every scenario once for seconds, as a user starts it, on a real gateway and a real Redis. */
class SmokeIT {

    private static final String BENCH = System.getProperty("bench");
    private static final String PARLEY = System.getProperty("parley");

    @TempDir
    Path directory;

    /** Each phase starts a gateway, so of those that differ in numbers only, one stands for all. */
    @ParameterizedTest
    @CsvSource({
        "tokens, 'pubsub-paced,durable-paced'",
        "fanout, pubsub-max",
        "mixed, durable",
        "idle, idle",
        "storm, 'all-at-once,random'",
        "slow, slow",
        "durable, 'stream-max,http-max'",
        "join, watched",
        "outage, 'publish,replay'",
        "sessions, 'paced,max'",
        "growth, growth",
        "cache, 'exact,miss,mix,mix-proxy'",
        "scale, 'nodes-2,elsewhere'",
        "start, start"
    })
    void scenarioRunsAndLosesNothing(String scenario, String phases) throws Exception {
        Results results = bench("run", scenario, "--quick", "--phase", phases);

        assertThat(results.results()).extracting(Result::phase).containsExactly(phases.split(",", -1));
        countsAndLosesNothing(results);
    }

    @Test
    void allThatWasAppendedIsReadAgainFromTheRecord() throws Exception {
        Results results = bench("run", "sessions", "--quick", "--phase", "paced", "--postgres");

        countsAndLosesNothing(results);
        assertThat(results.results().get(0).rounds().get(0).figures())
                .containsEntry("lost", 0.0)
                .containsEntry("repeated", 0.0)
                .containsKey("postgres_cpu_us_per_call");
    }

    @Test
    void slowSocketsAreClosedAndGetAllWhenTheyComeBack() throws Exception {
        Results results = bench("run", "slow", "--quick", "--duration", "10s");

        countsAndLosesNothing(results);
        assertThat(results.results().get(0).rounds().get(0).figures())
                .containsEntry("slow_sockets", 4.0)
                .containsEntry("slow_closed", 4.0);
    }

    @Test
    void questionsInOtherWordsAreAnswered() throws Exception {
        String[] extensions = Path.of(PARLEY, "extensions")
                .toFile()
                .list((folder, name) -> name.startsWith("langchain4j-embeddings-all-minilm"));
        assumeThat(extensions)
                .as(
                        "the embedder is not in the gateway's extensions/, so cache/semantic is not tried; in the directory above:"
                                + " mvn dependency:copy-dependencies -DincludeScope=provided -DoutputDirectory=target/parley/extensions")
                .isNotEmpty();
        Results results = bench("run", "cache", "--quick", "--phase", "semantic");

        countsAndLosesNothing(results);
        assertThat(results.results().get(0).rounds().get(0).figures().get("hits"))
                .isPositive();
    }

    private static void countsAndLosesNothing(Results results) {
        assertThat(results.results()).isNotEmpty().allSatisfy(result -> {
            assertThat(result.problems()).isEmpty();
            assertThat(result.system()).isEqualTo("parley");
            assertThat(result.rounds()).hasSize(1);
            assertThat(result.rounds().get(0).figures()).isNotEmpty();
        });
        results.results().stream().forEach(SmokeIT::tellsWhatItCost);
        results.results().stream()
                .flatMap(result -> result.rounds().stream())
                .filter(round -> round.figures().containsKey("sent"))
                .forEach(SmokeIT::deliveredAll);
    }

    @Test
    void everyScenarioIsTried() throws Exception {
        List<String> tried = Stream.of(SmokeIT.class
                        .getDeclaredMethod("scenarioRunsAndLosesNothing", String.class, String.class)
                        .getAnnotation(CsvSource.class)
                        .value())
                .map(line -> line.substring(0, line.indexOf(',')))
                .toList();
        assertThat(Scenarios.ALL).extracting(Scenario::name).containsExactlyInAnyOrderElementsOf(tried);
    }

    @Test
    void peersDeliverTheSameEvents() throws Exception {
        boolean installed = Files.exists(Path.of("peers", "socketio", "node_modules"))
                && Files.exists(Path.of("/usr/lib/nginx/modules/ngx_nchan_module.so"));
        assumeThat(installed || System.getenv("CI") != null)
                .as("the foreign peers are not installed, so they are not tried: peers/install installs them")
                .isTrue();
        Results results = bench("peers", "tokens", "--phase", "pubsub-paced", "--quick", "--rounds", "1");

        assertThat(results.results())
                .extracting(Result::system)
                .contains("parley", "raw", "naive", "nchan", "socketio", "socketio-streams");
        assertThat(results.results())
                .allSatisfy(result ->
                        assertThat(result.problems()).as(result.system()).isEmpty());
        results.results().forEach(SmokeIT::tellsWhatItCost);
        results.results().forEach(result -> deliveredAll(result.rounds().get(0)));
        assertThat(results.results().stream().flatMap(result -> result.versions().keySet().stream()))
                .contains("parley", "netty", "nginx", "nchan", "node", "socket.io");
    }

    /** Of each process that takes part, and by which versions. */
    private static void tellsWhatItCost(Result result) {
        assertThat(result.summary())
                .as(result.name())
                .containsKeys(
                        "gateway_user_s",
                        "gateway_system_s",
                        "gateway_rss_mib",
                        "gateway_threads",
                        "gateway_switches_per_s",
                        "client_rss_mib",
                        "client_gc_pauses");
        assertThat(result.versions()).as(result.name()).containsKey("redis");
        if (List.of("parley", "raw", "naive").contains(result.system())) {
            assertThat(result.summary()).as(result.name()).containsKey("gc_pauses");
            assertThat(result.versions()).as(result.name()).containsKey("java");
        }
    }

    private static void deliveredAll(Round round) {
        assertThat(round.figures().get("delivered")).isPositive();
        assertThat(round.figures())
                .containsEntry("lost", 0.0)
                .containsEntry("repeated", 0.0)
                .containsEntry("reordered", 0.0)
                .containsEntry("gaps", 0.0)
                .containsEntry("sockets_closed", 0.0);
    }

    private Results bench(String... arguments) throws IOException, InterruptedException {
        assertThat(Path.of(PARLEY, "bin", "parley"))
                .as("the gateway's distribution: mvn -DskipTests package in the directory above makes it")
                .exists();
        Path out = directory.resolve("results.json");
        Path said = directory.resolve("said.txt");
        List<String> command = new ArrayList<>(List.of(BENCH));
        command.addAll(List.of(arguments));
        command.addAll(List.of("--parley", PARLEY, "--out", out.toString()));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        boolean ended = process.waitFor(5, TimeUnit.MINUTES);
        if (!ended) {
            process.destroyForcibly();
        }
        assertThat(ended && process.exitValue() == 0).as(Files.readString(said)).isTrue();
        return Results.read(out);
    }
}
