package dev.parley.llmcache.text;

import java.lang.Character.UnicodeScript;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Characters that a model reads and an embedder drops or cannot tell apart: Unicode's default-ignorable ones, controls, formats, private use,
 * unassigned ones, unusual blanks, and piles of combining marks.
 *
 * <p>Two uses are allowed, each by an exact rule, and {@link #joined} returns what they join, so that it can be compared: a joiner or an
 * emoji's variation selector in an emoji sequence (UTS 51), and a single joiner between two letters of one of the scripts that are written
 * with it. Assigned and unassigned are what the JDK's version of Unicode says. Stateless; takes time in proportion to the text.
 */
public final class HiddenText {

    private static final int JOINER = 0x200D;
    private static final int NON_JOINER = 0x200C;
    private static final int TEXT_STYLE = 0xFE0E;
    private static final int EMOJI_STYLE = 0xFE0F;
    private static final int KEYCAP = 0x20E3;

    /** Marks on one letter, in composed form: Vietnamese and pointed Hebrew have fewer. */
    private static final int MOST_MARKS = 4;

    private static final int MOST_INHERITED_MARKS = 2;

    private HiddenText() {}

    /** Whether a text has any character that is seen. */
    public static boolean isVisible(String text) {
        return text.codePoints().anyMatch(c -> !isBlank(c) && !isIgnorable(c));
    }

    /** The text without what is ignorable: a word stays one word, whatever was put between its letters. */
    public static String without(String text) {
        if (text.codePoints().noneMatch(HiddenText::isIgnorable)) {
            return text;
        }
        StringBuilder all = new StringBuilder(text.length());
        text.codePoints().filter(c -> !isIgnorable(c)).forEach(all::appendCodePoint);
        return all.toString();
    }

    /** The first character that an embedder may not see, as {@code U+200B}; null: there is none. */
    public static @Nullable String first(String text) {
        int[] all = text.codePoints().toArray();
        int marks = 0;
        int inherited = 0;
        for (int i = 0; i < all.length; i++) {
            int c = all[i];
            boolean mark = isMark(c) && !isVariation(c);
            marks = mark ? marks + 1 : 0;
            inherited = mark && UnicodeScript.of(c) == UnicodeScript.INHERITED ? inherited + 1 : 0;
            if (marks > MOST_MARKS
                    || inherited > MOST_INHERITED_MARKS
                    || isStrayMark(all, i)
                    || isOddBlank(c)
                    || (isIgnorable(c) && !isAllowed(all, i))) {
                return String.format(Locale.ROOT, "U+%04X", c);
            }
        }
        return null;
    }

    /** Emoji sequences and words with joiners or selectors in them, in their order, to be compared as they are. */
    public static List<String> joined(String text) {
        List<String> found = new ArrayList<>();
        for (String word : text.split("[\\s\\p{Z}]+")) {
            if (word.codePoints().anyMatch(HiddenText::isIgnorable)) {
                found.add(word);
            }
        }
        return found;
    }

    private static boolean isBlank(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c);
    }

    /** Blanks that no keyboard types and that may carry something by their kinds. */
    private static boolean isOddBlank(int c) {
        return isBlank(c)
                && c != ' '
                && c != '\n'
                && c != '\r'
                && c != '\t'
                && c != 0xA0
                && c != 0x2009
                && c != 0x202F
                && c != 0x3000;
    }

    private static boolean isMark(int c) {
        int type = Character.getType(c);
        return type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK;
    }

    /** A mark that stands on nothing, or that is a small letter of its own. */
    private static boolean isStrayMark(int[] all, int i) {
        int c = all[i];
        if (!isMark(c) || isVariation(c)) {
            return false;
        }
        if (c == KEYCAP) {
            return !isKeycap(all, i);
        }
        boolean letter = (c >= 0x363 && c <= 0x36F)
                || (c >= 0x1AB0 && c <= 0x1AFF)
                || (c >= 0x1DC0 && c <= 0x1DFF)
                || (c >= 0x20D0 && c <= 0x20FF)
                || (c >= 0xFE20 && c <= 0xFE2F);
        return letter || i == 0 || !(Character.isLetter(all[i - 1]) || isAnyMark(all[i - 1]) || allowedBefore(all, i));
    }

    private static boolean isAnyMark(int c) {
        return isMark(c) || Character.getType(c) == Character.COMBINING_SPACING_MARK;
    }

    /** A joiner between a letter and its mark, as Indic scripts have it. */
    private static boolean allowedBefore(int[] all, int i) {
        return isIgnorable(all[i - 1]) && isAllowed(all, i - 1);
    }

    private static boolean isKeycap(int[] all, int i) {
        int base = i > 0 && all[i - 1] == EMOJI_STYLE ? i - 2 : i - 1;
        return base >= 0 && ((all[base] >= '0' && all[base] <= '9') || all[base] == '#' || all[base] == '*');
    }

    private static boolean isVariation(int c) {
        return (c >= 0xFE00 && c <= 0xFE0F)
                || (c >= 0xE0100 && c <= 0xE01EF)
                || (c >= 0x180B && c <= 0x180F && c != 0x180E);
    }

    /** Default_Ignorable_Code_Point, controls, formats, surrogates, private use, unassigned, and two blank symbols. */
    static boolean isIgnorable(int c) {
        if (c < 0x7F) {
            return c < ' ' && c != '\t' && c != '\n' && c != '\r';
        }
        int type = Character.getType(c);
        return type == Character.CONTROL
                || type == Character.FORMAT
                || type == Character.SURROGATE
                || type == Character.PRIVATE_USE
                || type == Character.UNASSIGNED
                || isVariation(c)
                || c == 0x34F
                || c == 0x115F
                || c == 0x1160
                || c == 0x17B4
                || c == 0x17B5
                || c == 0x2800
                || c == 0x3164
                || c == 0xFFA0
                || c == 0xFFFC
                || c == 0xFFFD
                || c == 0x1D159;
    }

    private static boolean isAllowed(int[] all, int i) {
        int c = all[i];
        if (i == 0) {
            return false;
        }
        if (c == TEXT_STYLE || c == EMOJI_STYLE) {
            return isEmoji(all[i - 1]) || (i + 1 < all.length && all[i + 1] == KEYCAP && isKeycap(all, i + 1));
        }
        if (i + 1 == all.length) {
            return false;
        }
        if (c == JOINER && isEmoji(all[i + 1])) {
            int before = all[i - 1] == EMOJI_STYLE && i > 1 ? all[i - 2] : all[i - 1];
            return isEmoji(before);
        }
        return (c == JOINER || c == NON_JOINER) && joins(all[i - 1], all[i + 1]);
    }

    private static boolean joins(int before, int after) {
        UnicodeScript script = UnicodeScript.of(after);
        return Character.isLetter(after)
                && UnicodeScript.of(before) == script
                && switch (script) {
                    case ARABIC, SYRIAC, MONGOLIAN -> Character.isLetter(before);
                    case DEVANAGARI, BENGALI, GURMUKHI, GUJARATI, ORIYA, TAMIL, TELUGU, KANNADA, MALAYALAM, SINHALA ->
                        Character.isLetter(before) || isAnyMark(before);
                    default -> false;
                };
    }

    /** A symbol that may be an emoji: a wider range than Unicode's, since what is joined is compared as it is. */
    private static boolean isEmoji(int c) {
        return switch (Character.getType(c)) {
            case Character.OTHER_SYMBOL -> c >= 0xA9;
            case Character.MODIFIER_SYMBOL -> c >= 0x1F3FB;
            case Character.MATH_SYMBOL -> c >= 0x2190;
            default -> c == 0x203C || c == 0x2049;
        };
    }
}
