package dev.parley.node;

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

final class PersonalDataDetectorsTest {

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
            return PersonalDataDetectors.of(loader, List.of("FR")).find(text);
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
        assertThat(PersonalDataDetectors.of(getClass().getClassLoader(), List.of("none"))
                        .find("I am Jo Doe, a@b.example"))
                .containsExactly("a@b.example");
    }

    @Test
    void telephoneNumbersAreFoundAsTheyAreWrittenInTheRegionsThatAreSet() {
        String text = "06 12 34 56 78 or +33 6 12 34 56 78";
        assertThat(PersonalDataDetectors.of(getClass().getClassLoader(), List.of("FR"))
                        .find(text))
                .hasSize(2);
        assertThat(PersonalDataDetectors.of(getClass().getClassLoader(), List.of("US"))
                        .find(text))
                .containsExactly("+33 6 12 34 56 78");
        assertThat(PersonalDataDetectors.of(getClass().getClassLoader(), List.of("none"))
                        .find(text))
                .containsExactly("+33 6 12 34 56 78");
    }
}
