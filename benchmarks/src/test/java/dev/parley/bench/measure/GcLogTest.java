package dev.parley.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GcLogTest {

    @TempDir
    Path directory;

    @Test
    void pausesAreReadAndConcurrentPhasesAreNot() throws IOException {
        assertThat(log("""
                [0.006s][info][gc] Using G1
                [0.521s][info][gc] GC(0) Pause Young (Concurrent Start) (Metadata GC Threshold) 20M->6M(256M) 4.301ms
                [0.521s][info][gc] GC(1) Concurrent Mark Cycle
                [0.526s][info][gc] GC(1) Pause Remark 8M->8M(256M) 1.250ms
                [0.527s][info][gc] GC(1) Concurrent Mark Cycle 5.512ms
                [1.100s][info][gc] GC(2) Pause Young (Normal) (G1 Evacuation Pause) 118M->9M(256M) 12.004ms
                """).pauses()).containsExactly(4.301, 1.25, 12.004);
    }

    @Test
    void aLogInALanguageWithACommaIsRead() throws IOException {
        assertThat(log("[0,5s][info][gc] GC(0) Pause Young (Normal) (G1 Evacuation Pause) 9M->2M(64M) 3,5ms\n")
                        .pauses())
                .containsExactly(3.5);
    }

    @Test
    void aLogThatIsNotThereYetHasNoPauses() {
        assertThat(new GcLog(directory.resolve("later.log")).pauses()).isEmpty();
    }

    @Test
    void theFlagNamesTheFile() {
        assertThat(new GcLog(Path.of("/tmp/gc.log")).flag()).isEqualTo("-Xlog:gc:file=/tmp/gc.log");
    }

    private GcLog log(String text) throws IOException {
        return new GcLog(Files.writeString(directory.resolve("gc.log"), text));
    }
}
