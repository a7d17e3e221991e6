package dev.parley.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.llmcache.PersonalData;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DetectorsTest {

    @TempDir
    private Path extension;

    /** As somebody would write it. */
    public static final class Names implements PersonalData {

        @Override
        public List<String> find(String text) {
            if (text.contains("broken")) {
                throw new IllegalStateException("it is broken");
            }
            return text.contains("Jo Doe") ? List.of("Jo Doe") : List.of();
        }
    }

    private List<String> find(String text) throws IOException {
        Path service = extension.resolve("META-INF/services/" + PersonalData.class.getName());
        Files.createDirectories(service.getParent());
        Files.writeString(service, Names.class.getName());
        try (URLClassLoader loader = new URLClassLoader(
                new URL[] {extension.toUri().toURL()}, getClass().getClassLoader())) {
            return Detectors.of(loader).find(text);
        }
    }

    @Test
    void oneThatIsPluggedInFindsMore() throws IOException {
        assertThat(find("I am Jo Doe, a@b.example")).containsExactly("a@b.example", "Jo Doe");
        assertThat(find("I am nobody")).isEmpty();
    }

    @Test
    void oneThatFailsKeepsTheTextOutOfTheCache() throws IOException {
        assertThat(find("broken")).containsExactly("broken");
    }

    @Test
    void withoutAnyWhatIsWrittenIsFound() {
        assertThat(Detectors.of(getClass().getClassLoader()).find("I am Jo Doe, a@b.example"))
                .containsExactly("a@b.example");
    }
}
