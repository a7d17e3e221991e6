package dev.parley.bench.subject;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JvmTest {

    @TempDir
    Path distribution;

    @Test
    void aPeerHasTheGatewaysFlagsAndThoseOfTheRun() throws IOException {
        Files.createDirectory(distribution.resolve("bin"));
        Files.copy(Path.of("../src/assembly/parley"), distribution.resolve("bin/parley"));

        assertThat(Jvm.of(launch(" -Xmx1g  -XX:+UseZGC ")).flags())
                .containsSubsequence("-XX:+UseG1GC", "-XX:G1PeriodicGCInterval=15000", "-Xmx1g", "-XX:+UseZGC")
                .contains("-XX:MinHeapFreeRatio=10", "-XX:MaxHeapFreeRatio=30", "-XX:MaxRAMPercentage=50")
                .noneMatch(flag -> flag.contains("Archive"));
    }

    @Test
    void aProcessIsAskedWhichJvmItIs() {
        assertThat(Jvm.version(ProcessHandle.current().pid()))
                .hasValueSatisfying(version -> assertThat(version).startsWith(System.getProperty("java.version")));
    }

    @Test
    void whatIsNoJvmIsNotAsked() throws IOException {
        Process sleep = new ProcessBuilder("sleep", "60").start();
        try {
            assertThat(Jvm.version(sleep.pid())).isEmpty();
        } finally {
            sleep.destroy();
        }
    }

    private Launch launch(String javaOptions) {
        return new Launch(null, null, null, distribution, distribution, List.of(), javaOptions, distribution);
    }
}
