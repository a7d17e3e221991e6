package dev.parley.redis;

import static java.util.stream.Collectors.toUnmodifiableSet;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The commands that scripts call, those that {@code rights.lua} tries, and those that OPERATIONS.md grants are the same. */
final class AclRightsTest {

    private static final Path SCRIPTS = Path.of("src/main/resources/dev/parley");
    private static final Path TRIED = SCRIPTS.resolve("redis/rights.lua");
    private static final Path OPERATIONS = Path.of("src/docs/OPERATIONS.md");

    private static final String SUBCOMMAND = "(?:, '(GROUPS|STREAM|CREATE|SETID|DELCONSUMER)')?";
    private static final Pattern CALL = Pattern.compile("p?call\\('([A-Z]+)'" + SUBCOMMAND);
    private static final Pattern TRY =
            Pattern.compile("\\{ (?:'(?:conversations|streams|rest)', )?'([A-Z]+)'" + SUBCOMMAND);

    /** Only servers with vector sets have them; who has none does without. */
    private static final Set<String> OPTIONAL = Set.of("vadd", "vrem");

    /** No script can try them: to run scripts, to listen, and what a connection says first. */
    private static final List<String> BESIDE =
            List.of("@connection", "info", "eval", "evalsha", "subscribe", "unsubscribe", "psubscribe");

    private static Set<String> commands(Path script, Pattern pattern) {
        return pattern.matcher(read(script)).results().map(AclRightsTest::name).collect(toUnmodifiableSet());
    }

    private static String name(MatchResult found) {
        String subcommand = found.group(2) == null ? "" : "|" + found.group(2);
        return (found.group(1) + subcommand).toLowerCase(Locale.ROOT);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void everyCommandOfEveryScriptIsTried() throws IOException {
        Set<String> tried = commands(TRIED, TRY);
        try (Stream<Path> files = Files.walk(SCRIPTS)) {
            List<Path> scripts = files.filter(file -> file.toString().endsWith(".lua"))
                    .filter(file -> !file.equals(TRIED))
                    .toList();
            assertThat(scripts)
                    .hasSizeGreaterThan(30)
                    .allSatisfy(script -> assertThat(commands(script, CALL))
                            .filteredOn(command -> !OPTIONAL.contains(command))
                            .allMatch(tried::contains, "tried in rights.lua: " + tried));
        }
    }

    @Test
    void theRuleOfTheDocumentGrantsWhatIsTriedAndNothingElse() {
        List<String> lines = read(OPERATIONS)
                .lines()
                .filter(line -> line.startsWith("user "))
                .toList();
        assertThat(lines).hasSize(1);
        List<String> granted = Stream.of(lines.get(0).split(" "))
                .filter(word -> word.startsWith("+"))
                .map(word -> word.substring(1))
                .toList();

        assertThat(granted)
                .doesNotHaveDuplicates()
                .containsExactlyInAnyOrderElementsOf(Stream.concat(commands(TRIED, TRY).stream(), BESIDE.stream())
                        .toList());
    }
}
