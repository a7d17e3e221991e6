package dev.parley.llmcache.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TimeWordsTest {

    private static final List<String> LANGUAGES = List.of(
            "en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "ar", "he", "tr", "hi", "zh", "ja", "ko", "vi", "id");

    static Stream<String> aboutNow() {
        return questions("about-now.txt").stream();
    }

    static Stream<String> notAboutNow() {
        return questions("not-about-now.txt").stream();
    }

    @ParameterizedTest
    @MethodSource("aboutNow")
    void aQuestionAboutNowIsSeen(String question) {
        assertThat(TimeWords.first(question)).isNotNull();
    }

    @ParameterizedTest
    @MethodSource("aboutNow")
    void soItIsInCapitalsAndWithoutItsLastSign(String question) {
        assertThat(TimeWords.first(question.toUpperCase(Locale.ROOT))).isNotNull();
        assertThat(TimeWords.first(question.replaceAll("[?？؟ ]+$", ""))).isNotNull();
    }

    @ParameterizedTest
    @MethodSource("notAboutNow")
    void aQuestionThatHasOneAnswerOnAnyDayIsNot(String question) {
        assertThat(TimeWords.first(question)).isNull();
    }

    @Test
    void bothSetsAreLargeEnoughAndHaveEveryLanguage() {
        for (String file : List.of("about-now.txt", "not-about-now.txt")) {
            assertThat(questions(file)).hasSizeGreaterThanOrEqualTo(150).doesNotHaveDuplicates();
            assertThat(lines(file).filter(line -> line.startsWith("[")).map(line -> line.substring(1, 3)))
                    .containsExactlyElementsOf(LANGUAGES);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "What happened to\u200Bday?",
                "What happened t\u00ADoday?",
                "What happened ｔｏｄａｙ?",
                "Guten Morgen! Regnet es heute?",
                "What does \"now\" mean, and what is the weather?",
                "Good morning, what's today’s weather?",
                "Is Today's Weather on the show?",
                "¿Qué hora es ahora?",
                "Aujourd’hui, c’est ouvert ?"
            })
    void itIsSeenBehindWhatHidesIt(String question) {
        assertThat(TimeWords.first(question)).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "'", "\"", "’s", "?", "今", "몇", "\uD800", "((((", "today\u0301\u0301"})
    void anyTextIsRead(String text) {
        String unused = TimeWords.first(text + text);
    }

    private static List<String> questions(String file) {
        return lines(file)
                .filter(line -> !line.isBlank() && !line.startsWith("#") && !line.startsWith("["))
                .toList();
    }

    private static Stream<String> lines(String file) {
        try (InputStream in = Objects.requireNonNull(TimeWordsTest.class.getResourceAsStream(file));
                BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            return lines.lines().toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
