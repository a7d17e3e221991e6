package dev.parley.app;

import static java.util.stream.Collectors.toUnmodifiableMap;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What OPERATIONS.md says about a key is what the key does. */
final class OperationsTest {

    private static final Map<String, List<String>> ROWS = rows();

    @Test
    void everyKeyAndNothingElseIsInTheTable() {
        assertThat(ROWS.keySet()).containsExactlyInAnyOrderElementsOf(Setting.ALL.keySet());
    }

    @ParameterizedTest
    @MethodSource("settings")
    void aRowHasTheKeysDefaultBoundsAndEnvironmentName(Setting setting) {
        List<String> row = ROWS.getOrDefault(setting.key(), List.of());

        assertThat(row).hasSize(5).doesNotContainNull();
        assertThat(row.get(1)).isEqualTo(defaultOf(setting));
        assertThat(row.get(3)).isEqualTo("`%s`", setting.environmentName());
        assertThat(row.get(4)).isNotBlank();
        Bounds bounds = setting.bounds();
        if (bounds != null) {
            assertThat(row.get(2)).isEqualTo("`%s` to `%s`", bounds.least(), bounds.most());
        }
    }

    static Stream<Setting> settings() {
        return Setting.ALL.values().stream();
    }

    private static String defaultOf(Setting setting) {
        if (setting.key().equals("parley.node")) {
            return "the host's name";
        }
        return setting.defaultValue() == null ? "not set" : "`" + setting.defaultValue() + "`";
    }

    private static Map<String, List<String>> rows() {
        try (Stream<String> lines = Files.lines(Path.of("src/docs/OPERATIONS.md"))) {
            return lines.filter(line -> line.startsWith("| `parley."))
                    .map(line -> Stream.of(line.substring(1).split("\\|"))
                            .map(String::strip)
                            .toList())
                    .collect(toUnmodifiableMap(cells -> cells.get(0).replace("`", ""), cells -> cells));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
