package dev.parley.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.toUnmodifiableMap;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Gateway, documentation and client library have one table of close codes. */
final class CloseCodeTest {

    private static final Pattern ROW = Pattern.compile("\\| (\\d{4}(?: \\d{4})*) \\|.*\\| (yes|no)\\b[^|]*\\|");
    private static final Pattern FINAL =
            Pattern.compile("FINAL_CLOSE_CODES = Object\\.freeze\\(\\{(.*?)}\\)", Pattern.DOTALL);
    private static final Pattern MEMBER = Pattern.compile("(\\d{4}): \"([^\"]*)\"");

    @Test
    void theProtocolSaysOfEachWhetherToComeBack() throws IOException {
        Map<Integer, Boolean> documented = new TreeMap<>();
        for (String line : Files.readAllLines(Path.of("src/docs/PROTOCOL.md"))) {
            Matcher row = ROW.matcher(line);
            if (row.matches()) {
                for (String code : row.group(1).split(" ")) {
                    assertThat(documented.put(
                                    Integer.valueOf(code), row.group(2).equals("yes")))
                            .as(code)
                            .isNull();
                }
            }
        }
        assertThat(documented)
                .isEqualTo(Arrays.stream(CloseCode.values())
                        .collect(toUnmodifiableMap(CloseCode::code, CloseCode::comeBack)));
    }

    @Test
    void theClientGivesUpAtThoseThatSaySo() throws IOException {
        Matcher table = FINAL.matcher(client());
        assertThat(table.find()).isTrue();
        Map<Integer, String> given = new TreeMap<>();
        Matcher member = MEMBER.matcher(table.group(1));
        while (member.find()) {
            given.put(Integer.valueOf(member.group(1)), member.group(2));
        }
        assertThat(given)
                .isEqualTo(Arrays.stream(CloseCode.values())
                        .filter(each -> !each.comeBack())
                        .collect(toUnmodifiableMap(CloseCode::code, CloseCode::reason)));
    }

    private static String client() throws IOException {
        try (InputStream in =
                Objects.requireNonNull(CloseCode.class.getResourceAsStream("/dev/parley/web/parley.js"))) {
            return new String(in.readAllBytes(), UTF_8);
        }
    }
}
