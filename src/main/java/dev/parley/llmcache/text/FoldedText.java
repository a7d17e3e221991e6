package dev.parley.llmcache.text;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A text as word lists are looked up in it: compatibility forms, accents, vowel points and ignorable characters are gone, small letters only.
 *
 * @param text folded
 * @param words in their order, with a word {@link #STOP} where a sentence ends and {@link #QUOTE} for a quotation mark
 */
record FoldedText(String text, List<Word> words) {

    static final String STOP = ".";
    static final String QUOTE = "\"";

    /** A run of letters, marks and digits; where it stands in the folded text. */
    record Word(String text, boolean capital, int from, int to) {

        boolean isSign() {
            return text.length() == 1 && (text.equals(STOP) || text.equals(QUOTE));
        }
    }

    static FoldedText of(String text) {
        String cased = folded(text);
        return new FoldedText(cased.toLowerCase(Locale.ROOT), words(cased));
    }

    private static String folded(String text) {
        if (text.chars().allMatch(c -> c < 0x80)) {
            return HiddenText.without(text);
        }
        String apart = Normalizer.normalize(HiddenText.without(text), Normalizer.Form.NFKD);
        StringBuilder all = new StringBuilder(apart.length());
        apart.codePoints().forEach(c -> fold(all, c));
        return Normalizer.normalize(all, Normalizer.Form.NFC);
    }

    private static void fold(StringBuilder all, int c) {
        switch (c) {
            case 'ß' -> all.append("ss");
            case 'æ' -> all.append("ae");
            case 'œ' -> all.append("oe");
            case 'Æ' -> all.append("Ae");
            case 'Œ' -> all.append("Oe");
            case 'ø' -> all.append('o');
            case 'Ø' -> all.append('O');
            case 'ł' -> all.append('l');
            case 'Ł' -> all.append('L');
            case 'đ' -> all.append('d');
            case 'Đ' -> all.append('D');
            case 'ı' -> all.append('i');
            case 'ى' -> all.append('ي');
            case 'ة' -> all.append('ه');
            case 'ـ' -> {}
            default -> {
                if (!isAccent(c)) {
                    all.appendCodePoint(c);
                }
            }
        }
    }

    /** Latin, Greek and Cyrillic accents, Hebrew and Arabic points, Devanagari's dot; no vowel sign that spells another word. */
    private static boolean isAccent(int c) {
        return (c >= 0x300 && c <= 0x36F)
                || (c >= 0x591 && c <= 0x5C7 && Character.getType(c) == Character.NON_SPACING_MARK)
                || (c >= 0x610 && c <= 0x61A)
                || (c >= 0x64B && c <= 0x65F)
                || c == 0x670
                || c == 0x93C;
    }

    private static List<Word> words(String text) {
        List<Word> words = new ArrayList<>();
        int at = 0;
        while (at < text.length()) {
            int c = text.codePointAt(at);
            int next = at + Character.charCount(c);
            if (isLetter(c)) {
                while (next < text.length() && isLetter(text.codePointAt(next))) {
                    next += Character.charCount(text.codePointAt(next));
                }
                String word = text.substring(at, next);
                words.add(new Word(word.toLowerCase(Locale.ROOT), Character.isUpperCase(c), at, next));
            } else {
                String sign = sign(text, at, c);
                if (sign != null) {
                    words.add(new Word(sign, false, at, next));
                }
            }
            at = next;
        }
        return words;
    }

    private static boolean isLetter(int c) {
        int type = Character.getType(c);
        return Character.isLetterOrDigit(c)
                || type == Character.NON_SPACING_MARK
                || type == Character.COMBINING_SPACING_MARK;
    }

    private static @Nullable String sign(String text, int at, int c) {
        return switch (c) {
            case '!', '?', ';', '\n', '…', '。', '؟', '।', '¿', '¡', '؛' -> STOP;
            case '.', ':' -> at + 1 == text.length() || Character.isWhitespace(text.charAt(at + 1)) ? STOP : null;
            case '"', '“', '”', '„', '«', '»', '「', '」', '『', '』', '‹', '›', '`' -> QUOTE;
            case '\'', '’', '‘' -> isApostrophe(text, at) ? null : QUOTE;
            default -> null;
        };
    }

    private static boolean isApostrophe(String text, int at) {
        return at > 0
                && at + 1 < text.length()
                && isLetter(text.codePointBefore(at))
                && isLetter(text.codePointAt(at + 1));
    }
}
