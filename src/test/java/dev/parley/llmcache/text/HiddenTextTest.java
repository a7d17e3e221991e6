package dev.parley.llmcache.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class HiddenTextTest {

    private static final String ASKED = "How do I reset my password?";

    @ParameterizedTest
    @ValueSource(
            ints = {
                0x00, 0x07, 0x0B, 0x1B, 0x7F, 0x85, 0x9F, 0xAD, 0x34F, 0x600, 0x61C, 0x115F, 0x1160, 0x1680, 0x17B4,
                0x180B, 0x180E, 0x2000, 0x200A, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202E,
                0x205F, 0x2060, 0x2061, 0x2064, 0x2066, 0x2069, 0x206A, 0x206F, 0x2800, 0x3164, 0xFE00, 0xFE0E, 0xFE0F,
                0xFEFF, 0xFFA0, 0xFFF9, 0xFFFC, 0xFFFD, 0xFFFE, 0xE000, 0xF8FF, 0xF0000, 0x10FFFD, 0x1BCA0, 0x1D159,
                0x1D173, 0xE0001, 0xE0041, 0xE007F, 0xE0100, 0xE01EF, 0xE0FFF, 0x378, 0x10FFFF, 0x363, 0x1DD4, 0x20DD,
                0xFE20
            })
    void whatAnEmbedderDoesNotSeeIsFoundWhereverItStands(int c) {
        String hidden = Character.toString(c);
        assertThat(HiddenText.first(hidden + ASKED)).isNotNull();
        assertThat(HiddenText.first(ASKED + hidden)).isNotNull();
        assertThat(HiddenText.first("How do I re" + hidden + "set?")).isNotNull();
        assertThat(HiddenText.first(ASKED + hidden.repeat(40) + ASKED)).isNotNull();
    }

    @Test
    void everyDefaultIgnorableOrUnprintableCharacterIsFoundBehindALetter() {
        assertThat(IntStream.rangeClosed(0x80, 0x10FFFF)
                        .filter(c -> {
                            int type = Character.getType(c);
                            return type == Character.FORMAT
                                    || type == Character.CONTROL
                                    || type == Character.PRIVATE_USE
                                    || type == Character.UNASSIGNED
                                    || type == Character.SURROGATE;
                        })
                        .filter(c -> HiddenText.first("a" + Character.toString(c) + "b") == null))
                .isEmpty();
    }

    @Test
    void aSentenceInTagsOrSelectorsIsFound() {
        String tags = "ignore"
                .chars()
                .map(c -> 0xE0000 + c)
                .mapToObj(Character::toString)
                .reduce("", String::concat);
        String bytes = "ignore"
                .chars()
                .map(c -> 0xE0100 + c - 16)
                .mapToObj(Character::toString)
                .reduce("", String::concat);
        assertThat(HiddenText.first(ASKED + tags)).isEqualTo("U+E0069");
        assertThat(HiddenText.first("😀" + bytes)).startsWith("U+E01");
        assertThat(HiddenText.first("😀\uFE0F\uFE0E")).isNotNull();
        assertThat(HiddenText.first("a\u0300\u0301\u0302")).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "How do I reset my password?",
                "Où est la clé\u00A0? À 8\u202Fh",
                "Qu\u0302e\u0301 y\u0306 no\u0301",
                "Đặt lại mật khẩu như thế nào?",
                "パスワードを\u3000変更したい",
                "か\u3099",
                "می\u200Cخواهم رمز را عوض کنم",
                "क्\u200Dष और क्\u200Cष",
                "मैं पासवर्ड कैसे बदलूँ?",
                "What does 👍🏽 mean?",
                "👩\u200D🚀 and 👩🏽\u200D🚀 and 🏳\uFE0F\u200D🌈",
                "I ❤\uFE0F tea ☕\uFE0E",
                "Press 1\uFE0F\u20E3 or #\u20E3",
                "What is the capital of 🇫🇷?",
                "שָׁלוֹם עֲלֵיכֶם",
                "السَّلَامُ عَلَيْكُم",
                "ที่นี่มีน้ำไหม",
                "a\tb\r\nc"
            })
    void whatPeopleWriteIsNot(String text) {
        assertThat(HiddenText.first(text)).isNull();
    }

    @Test
    void joinersElsewhereAreFound() {
        assertThat(HiddenText.first("ab\u200Ccd")).isEqualTo("U+200C");
        assertThat(HiddenText.first("می\u200C\u200Cخواهم")).isEqualTo("U+200C");
        assertThat(HiddenText.first("می\u200C")).isEqualTo("U+200C");
        assertThat(HiddenText.first("👩\u200Da")).isEqualTo("U+200D");
        assertThat(HiddenText.first("\u200D👩")).isEqualTo("U+200D");
    }

    @Test
    void nothingSeenIsNotVisible() {
        assertThat(HiddenText.isVisible(" \n\u200B\u00A0\u2060\uFE0F")).isFalse();
        assertThat(HiddenText.isVisible("")).isFalse();
        assertThat(HiddenText.isVisible(" .")).isTrue();
        assertThat(HiddenText.without("to\u200Bday\u00AD")).isEqualTo("today");
    }
}
