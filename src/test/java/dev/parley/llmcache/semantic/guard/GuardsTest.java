package dev.parley.llmcache.semantic.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.support.Patience;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class GuardsTest {

    static Stream<Pair> mustNotHit() {
        return Pair.all().stream().filter(pair -> !pair.hit());
    }

    @ParameterizedTest
    @MethodSource("mustNotHit")
    void theGuardObjectsThatShould(Pair pair) {
        assertThat(objecting(pair.one(), pair.other())).contains(pair.guard());
    }

    @ParameterizedTest
    @MethodSource("mustNotHit")
    void itDoesNotMatterWhichWasAskedFirst(Pair pair) {
        assertThat(objecting(pair.other(), pair.one())).contains(pair.guard());
    }

    @Test
    void theSetIsLargeEnoughAndHasNoPairTwice() {
        List<Pair> all = Pair.all();
        Set<String> seen = new HashSet<>();
        assertThat(all).hasSizeGreaterThanOrEqualTo(400);
        assertThat(all)
                .allSatisfy(pair -> assertThat(seen.add(pair.one() + "\t" + pair.other()))
                        .describedAs("%s", pair)
                        .isTrue());
        assertThat(all)
                .filteredOn(pair -> !pair.hit())
                .allSatisfy(pair -> assertThat(pair.guard()).isNotEmpty());
    }

    @Test
    void everyGuardHasPairsOfItsOwn() {
        List<String> names = Guards.ALL.all(Question.of("a"), Question.of("b")).stream()
                .map(Verdict::guard)
                .toList();
        assertThat(mustNotHit().map(Pair::guard).distinct()).containsExactlyInAnyOrderElementsOf(names);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "?",
                "'",
                "\"",
                "\"\"",
                "...",
                "l'",
                "'s",
                "n't",
                "-",
                "--",
                "5",
                "5kg",
                "€",
                "@",
                "#",
                "😀",
                "\uD83D",
                "a\u0000b",
                "http://",
                "@@@",
                "A.B.",
                "1,000,",
                "°",
                "C++",
                "\u200b",
                "e\u0301"
            })
    void whateverIsAskedIsTheSameAsItself(String text) {
        assertThat(objecting(text, text)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "How do I reset my password? | how can i reset my password",
                "Can't I log in? | Can I not log in?",
                "What is the U.S. tax rate? | What is the US tax rate?",
                "Convert 10 km to miles | convert 10km to miles",
                "What's new in Paris? | What is new in Paris?",
            })
    void whatIsOnlyWrittenInAnotherWayPasses(String one, String other) {
        assertThat(objecting(one, other)).isEmpty();
    }

    @Test
    void theFirstObjectionEndsIt() {
        List<Verdict> verdicts = Guards.ALL.untilOneObjects(
                Question.of("invoice 10234 of \"A\""), Question.of("invoice 10235 of \"B\""));
        assertThat(verdicts).extracting(Verdict::guard).containsExactly("language", "quotes");
        assertThat(verdicts.get(1)).isEqualTo(new Verdict("quotes", false, "A / B"));
    }

    @Test
    void aLongTextTakesNoTimeToSpeakOf() {
        String text = "How do I move 12 files from \"a\" to b's folder? ".repeat(20);
        long began = System.nanoTime();
        for (int i = 0; i < 20; i++) {
            assertThat(objecting(text, text + "now")).isNotEmpty();
        }
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Patience.ofSeconds(5));
    }

    private static List<String> objecting(String asked, String other) {
        return Guards.ALL.all(Question.of(asked), Question.of(other)).stream()
                .filter(verdict -> !verdict.passes())
                .map(Verdict::guard)
                .toList();
    }
}
