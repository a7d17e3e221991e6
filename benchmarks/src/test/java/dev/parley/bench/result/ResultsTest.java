package dev.parley.bench.result;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultsTest {

    @TempDir
    Path directory;

    @Test
    void whatIsWrittenIsRead() throws IOException {
        Results results = Sample.results(Sample.of("tokens/max", "parley", "lost", 0, 1));
        Path file = directory.resolve("new/results.json");
        results.write(file);
        assertThat(Results.read(file)).isEqualTo(results);
    }

    /** Who reads meanwhile, or finds it after a crash, has the old file or the new one and never half of one. */
    @Test
    void aNewFileTakesThePlaceOfTheOldOne() throws IOException {
        Results old = Sample.results(Sample.of("tokens/max", "parley", "lost", 1));
        Path file = directory.resolve("results.json");
        old.write(file);
        Path being = Files.createLink(directory.resolve("being-read.json"), file);

        Sample.results().write(file);

        assertThat(Results.read(file).results()).isEmpty();
        assertThat(Results.read(being)).isEqualTo(old);
    }

    @Test
    void noPasswordIsWritten() {
        Machine machine = Machine.here();
        assertThat(Results.of(
                                List.of("run", "--redis", "redis://bench:secret@host:1/2", "--rounds", "2"),
                                machine,
                                List.of())
                        .command())
                .isEqualTo("run --redis redis://***@host:1/2 --rounds 2");
    }

    @Test
    void otherJsonIsNoFileOfResults() throws IOException {
        assertRefused("{\"name\": \"something\"}");
        assertRefused("[]");
        assertRefused("{\"at\": \"\", \"command\": \"\", \"machine\": null, \"results\": []}");
    }

    @Test
    void otherTextIsNoFileOfResults() throws IOException {
        assertRefused("<html>");
        assertRefused("");
    }

    @Test
    void aFileThatIsNotThereIsNamed() {
        assertThatThrownBy(() -> Results.read(directory.resolve("nowhere.json")))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("there is no file ")
                .hasMessageEndingWith("nowhere.json");
    }

    private void assertRefused(String text) throws IOException {
        Path file = Files.writeString(directory.resolve("other.json"), text);
        assertThatThrownBy(() -> Results.read(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("other.json is no file of results: ");
    }
}
