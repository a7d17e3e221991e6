package dev.parley.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.bench.subject.Launch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabTest {

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
        Fake failing = new Fake(() -> {
            throw new IllegalStateException("it broke");
        });
        assertThatThrownBy(() -> {
                    try (Lab lab = lab(run)) {
                        lab.round("parley", failing, Fake.PHASE, new HashMap<>());
                    }
                })
                .hasMessage("it broke");
        assertThat(directory).isEmptyDirectory();
    }

    private Lab lab(Path run) {
        return new Lab(
                new Launch(Fake.GATEWAY, null, null, directory, directory, List.of(), "", run), false, line -> {});
    }
}
