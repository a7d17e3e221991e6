package dev.parley.config;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The table of settings in OPERATIONS.md is what the settings' annotations say. With the system property {@value #WRITE} set to true it is
 * written.
 */
final class OperationsTest {

    private static final String WRITE = "parley.settings.write";
    private static final Path DOCUMENT = Path.of("src/docs/OPERATIONS.md");
    private static final String HEADER = "| key | default | bounds | environment | meaning |\n";

    @ParameterizedTest
    @MethodSource("settings")
    void aSettingSaysWhatItMeansInANounPhrase(Setting setting) {
        assertThat(setting.doc()).isNotNull();
        assertThat(doc(setting).value()).isNotBlank().doesNotEndWith(".").doesNotContain("|", "\n");
    }

    @Test
    void theTableIsWhatTheAnnotationsSay() throws IOException {
        String document = Files.readString(DOCUMENT);
        String table = settings().map(OperationsTest::row).collect(joining("", HEADER + "|---|---|---|---|---|\n", ""));
        int from = document.indexOf(HEADER);
        int to = document.indexOf("\n\n", from) + 1;
        assertThat(from).as("a table that starts with %s", HEADER).isPositive();
        if (Boolean.getBoolean(WRITE)) {
            Files.writeString(DOCUMENT, document.substring(0, from) + table + document.substring(to));
            return;
        }
        assertThat(document.substring(from, to).lines().toList())
                .as("%s: write it with -D%s=true, see CONTRIBUTING.md", DOCUMENT, WRITE)
                .isEqualTo(table.lines().toList());
    }

    static Stream<Setting> settings() {
        return Settings.ALL.values().stream();
    }

    private static String row(Setting setting) {
        String defaultValue = setting.defaultValue();
        return cells(
                code(setting.key()),
                defaultValue == null ? doc(setting).unset() : code(defaultValue),
                bounds(setting),
                code(setting.environmentName()),
                doc(setting).value());
    }

    private static String cells(String... cells) {
        return Stream.of(cells)
                .map(cell -> cell.isEmpty() ? " " : " " + cell + " ")
                .collect(joining("|", "|", "|\n"));
    }

    private static String bounds(Setting setting) {
        Bounds bounds = setting.bounds();
        if (bounds != null) {
            return code(bounds.least()) + " to " + code(bounds.most());
        }
        Class<?> type = setting.type().type();
        if (type == Boolean.class) {
            return oneOf(List.of("true", "false"));
        }
        if (type.isEnum()) {
            return oneOf(Stream.of(type.getEnumConstants())
                    .map(constant -> constant.toString().toLowerCase(Locale.ROOT))
                    .toList());
        }
        return doc(setting).bounds();
    }

    private static String oneOf(List<String> words) {
        int last = words.size() - 1;
        return words.subList(0, last).stream().map(OperationsTest::code).collect(joining(", ")) + " or "
                + code(words.get(last));
    }

    private static String code(String text) {
        return "`" + text + "`";
    }

    private static Doc doc(Setting setting) {
        return Objects.requireNonNull(setting.doc(), setting.key());
    }
}
