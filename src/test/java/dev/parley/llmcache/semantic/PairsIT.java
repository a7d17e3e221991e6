package dev.parley.llmcache.semantic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.parley.config.TestSettings;
import dev.parley.llmcache.semantic.embedding.MiniLm;
import dev.parley.llmcache.semantic.embedding.Vectors;
import dev.parley.llmcache.semantic.guard.Guards;
import dev.parley.llmcache.semantic.guard.Pair;
import dev.parley.support.Patience;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The labelled pairs, by the real embedder. Run with -Dparley.pairs.write=true to have the table in SEMANTIC.md written anew. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PairsIT {

    private static final int[] HUNDREDTHS = {80, 82, 84, 86, 88, 90, 92, 93, 94, 95, 96, 97, 98, 99};
    private static final Pattern COUNTS = Pattern.compile("\\| (\\d+) / (\\d+) ");
    private static final int EITHER_SIDE = 2;
    private static final Path DOCUMENT = Path.of("src/docs/SEMANTIC.md");
    private static final String HEADER = "| threshold | no guards: right / wrong | precision | hit ratio "
            + "| without `words`: right / wrong | precision | hit ratio | all guards: right / wrong | precision | hit ratio |\n"
            + "|---|---|---|---|---|---|---|---|---|---|\n";

    private final MiniLm embedder = new MiniLm(1, Path.of("target/djl"));
    private final List<Pair> pairs = Pair.all();
    private final Map<String, float[]> vectors = new HashMap<>();

    @AfterAll
    void close() {
        embedder.dispose();
    }

    @Test
    void noPairThatMustNotHitDoesAtTheDefaultThreshold() {
        double threshold = TestSettings.of(SemanticSettings.class).threshold();
        assertThat(pairs)
                .filteredOn(pair -> !pair.hit() && cosine(pair) >= threshold)
                .hasSizeGreaterThan(20)
                .noneMatch(pair -> pair.passes(Guards.ALL));
        assertThat(pairs)
                .filteredOn(pair -> pair.hit() && cosine(pair) >= threshold && pair.passes(Guards.ALL))
                .hasSizeGreaterThan(50);
    }

    @Test
    void theDocumentHasARowForEachThreshold() throws IOException {
        StringBuilder table = new StringBuilder(HEADER);
        for (int hundredths : HUNDREDTHS) {
            table.append(row(hundredths / 100.0));
        }
        System.out.println(table);
        String document = Files.readString(DOCUMENT);
        int from = document.indexOf("| threshold |");
        int to = document.indexOf("\n\n", from) + 1;
        if (Boolean.getBoolean("parley.pairs.write")) {
            Files.writeString(DOCUMENT, document.substring(0, from) + table + document.substring(to));
        } else {
            assertAgree(
                    document.substring(from, to).lines().toList(),
                    table.toString().lines().toList());
        }
    }

    private void assertAgree(List<String> written, List<String> measured) {
        assertThat(written).hasSameSizeAs(measured);
        assertThat(written.subList(0, 2)).isEqualTo(measured.subList(0, 2));
        for (int i = 2; i < written.size(); i++) {
            String line = written.get(i);
            assertThat(line).startsWith(measured.get(i).substring(0, "| 0.80 |".length()));
            assertThat(COUNTS.matcher(line).results()).as(line).hasSize(3);
            // Processors round differently, so the last pairs before a threshold may be on either side.
            double[] counts = counts(line);
            assertThat(counts).as(line).containsExactly(counts(measured.get(i)), within((double) EITHER_SIDE));
            // What is said in hundredths is what the counts beside it come to.
            String[] cells = line.split("\\|", -1);
            for (int of = 0; of < 3; of++) {
                String percents = (cells[3 + 3 * of] + "|" + cells[4 + 3 * of]).strip();
                assertThat(percents).as(line).isEqualTo(percents((long) counts[2 * of], (long) counts[2 * of + 1]));
            }
        }
    }

    private static double[] counts(String line) {
        return COUNTS.matcher(line)
                .results()
                .flatMap(cell -> Stream.of(cell.group(1), cell.group(2)))
                .mapToDouble(Double::parseDouble)
                .toArray();
    }

    private String row(double threshold) {
        return String.format(
                Locale.ROOT,
                "| %.2f | %s | %s | %s |%n",
                threshold,
                cells(threshold, null),
                cells(threshold, Guards.WITHOUT_WORDS),
                cells(threshold, Guards.ALL));
    }

    private String cells(double threshold, @org.jspecify.annotations.Nullable Guards guards) {
        long right = passing(threshold, guards, true);
        long wrong = passing(threshold, guards, false);
        return right + " / " + wrong + " | " + percents(right, wrong);
    }

    /** Precision and hit ratio. */
    private String percents(long right, long wrong) {
        long all = pairs.stream().filter(Pair::hit).count();
        return String.format(
                Locale.ROOT,
                "%s | %.0f %%",
                right + wrong == 0 ? "-" : String.format(Locale.ROOT, "%.0f %%", 100.0 * right / (right + wrong)),
                100.0 * right / all);
    }

    private long passing(double threshold, @org.jspecify.annotations.Nullable Guards guards, boolean hit) {
        return pairs.stream()
                .filter(pair ->
                        pair.hit() == hit && cosine(pair) >= threshold && (guards == null || pair.passes(guards)))
                .count();
    }

    private double cosine(Pair pair) {
        return Vectors.cosine(vector(pair.one()), vector(pair.other()));
    }

    private float[] vector(String text) {
        return vectors.computeIfAbsent(
                text, same -> Objects.requireNonNull(embedder.embed(same).block(Patience.ofSeconds(60))));
    }
}
