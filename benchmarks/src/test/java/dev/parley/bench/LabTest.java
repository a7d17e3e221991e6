package dev.parley.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.bench.result.Round;
import dev.parley.bench.scenario.Phase;
import dev.parley.bench.scenario.Scenario;
import dev.parley.bench.scenario.Settings;
import dev.parley.bench.scenario.Stage;
import dev.parley.bench.subject.Launch;
import dev.parley.bench.subject.Via;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabTest {

    /** Nothing is measured on it. */
    private static final URI THERE = URI.create("http://127.0.0.1:1");

    @TempDir
    Path directory;

    @Test
    void whatARunWroteGoesWithIt() throws IOException {
        Path run = Files.createDirectories(directory.resolve("run/redis-1")).getParent();
        Files.writeString(run.resolve("parley-0.log"), "started");
        Files.writeString(run.resolve("redis-1/appendonly.aof"), "*1");

        lab(run).close();

        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void soItDoesWhenARoundFails() throws IOException {
        Path run = Files.createDirectory(directory.resolve("run"));
        assertThatThrownBy(() -> {
                    try (Lab lab = lab(run)) {
                        lab.round("parley", new Failing(), Failing.PHASE, new HashMap<>());
                    }
                })
                .hasMessage("it broke");
        assertThat(directory).isEmptyDirectory();
    }

    private Lab lab(Path run) {
        return new Lab(new Launch(THERE, null, null, directory, directory, List.of(), "", run), false, line -> {});
    }

    private static final class Failing implements Scenario {

        static final Phase PHASE =
                new Phase("only", new Settings(1, 1, 0, 1, Duration.ofSeconds(1), Duration.ZERO, 200, Via.NONE, 1));

        @Override
        public String name() {
            return "failing";
        }

        @Override
        public String about() {
            return "";
        }

        @Override
        public List<Phase> phases() {
            return List.of(PHASE);
        }

        @Override
        public Round run(Stage stage, Settings settings) {
            throw new IllegalStateException("it broke");
        }
    }
}
