package dev.parley.llmcache.semantic.guard;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Cuts a text into tokens: what is glued together (10kg, can't, $5) comes apart, what is a name (a@b.org, C++, 3.5) stays whole. */
final class Tokens {

    private static final String WHOLE = "(?:https?://|www\\.)[^\\s\"'<>]+[^\\s\"'<>.,;:!?)\\]]"
            + "|[\\p{L}\\p{N}._%+-]+@[\\p{L}\\p{N}.-]+\\p{L}"
            + "|[@#][\\p{L}\\p{N}_]+";
    private static final String NUMBER = "\\p{Nd}++(?:[.,:/'’-]\\p{Nd}++)*+";
    private static final String WORD =
            "(?:[\\p{L}\\p{M}\\p{N}_]+(?:[.'’\\-/&](?=[\\p{L}\\p{N}])[\\p{L}\\p{M}\\p{N}_]+)*)(?:\\+\\+|#)?";
    private static final String SIGN = "°[CFcf]?|[%$€£¥₹₽₩₺₿<>=≤≥≠+*^]|(?<=\\s)-(?=\\p{Nd})";
    private static final Pattern TOKEN = Pattern.compile(
            "(" + WHOLE + ")|(" + NUMBER + "(?![\\p{L}\\p{M}_]))|(" + WORD + ")|(" + SIGN + ")|([.!?…。！？\\n])");
    private static final Pattern MEASURED =
            Pattern.compile("(\\p{Nd}+(?:[.,:]\\p{Nd}+)*)([\\p{L}]+)", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern ORDINAL = Pattern.compile("\\p{Nd}+(?:st|nd|rd|th)");
    private static final Pattern INITIALS = Pattern.compile("(?:\\p{L}\\.)+\\p{L}");
    /** Scripts that are written without blanks: each character is a token. */
    private static final Pattern UNSPACED = Pattern.compile(
            "[\\p{IsHan}\\p{IsHiragana}\\p{IsKatakana}\\p{IsThai}\\p{IsLao}\\p{IsKhmer}\\p{IsMyanmar}]");

    private static final Map<String, String> SHORT =
            Map.of("'m", "am", "'re", "are", "'ve", "have", "'ll", "will", "'d", "would", "'s", "", "'em", "them");

    private Tokens() {}

    static List<Token> of(String text) {
        String normal = Normalizer.normalize(text, Normalizer.Form.NFKC)
                .replace('’', '\'')
                .replace('ʼ', '\'');
        List<Token> tokens = new ArrayList<>();
        boolean first = true;
        Matcher matcher = TOKEN.matcher(normal);
        while (matcher.find()) {
            if (matcher.group(5) != null) {
                first = true;
            } else {
                add(tokens, matcher, first);
                first = false;
            }
        }
        return tokens;
    }

    private static void add(List<Token> tokens, Matcher matcher, boolean first) {
        String text = matcher.group();
        String lower = text.toLowerCase(Locale.ROOT);
        Matcher measured = MEASURED.matcher(text);
        if (matcher.group(3) == null) {
            tokens.add(new Token(text, lower, first));
        } else if (UNSPACED.matcher(lower).find()) {
            lower.codePoints().mapToObj(Character::toString).forEach(each -> tokens.add(new Token(each, each, false)));
        } else if (measured.matches()
                && isMeasure(measured.group(2))
                && !ORDINAL.matcher(lower).matches()) {
            tokens.add(new Token(measured.group(1), measured.group(1), first));
            tokens.add(new Token(measured.group(2), measured.group(2).toLowerCase(Locale.ROOT), false));
        } else {
            word(tokens, text, lower, first);
        }
    }

    private static boolean isMeasure(String unit) {
        Lexicon words = Lexicon.INSTANCE;
        String lower = unit.toLowerCase(Locale.ROOT);
        return words.group("units", lower) != null
                || words.group("currencies", lower) != null
                || lower.equals("am")
                || lower.equals("pm");
    }

    private static void word(List<Token> tokens, String text, String lower, boolean first) {
        if (INITIALS.matcher(lower).matches()) {
            tokens.add(new Token(text, lower.replace(".", ""), first));
        } else if (lower.equals("cannot") || lower.equals("can't")) {
            tokens.add(new Token(text, "can", first));
            tokens.add(new Token("not", "not", false));
        } else if (lower.equals("won't")) {
            tokens.add(new Token(text, "will", first));
            tokens.add(new Token("not", "not", false));
        } else if (lower.endsWith("n't") && lower.length() > 3) {
            tokens.add(new Token(text, lower.substring(0, lower.length() - 3), first));
            tokens.add(new Token("not", "not", false));
        } else {
            apart(tokens, text, lower, first);
        }
    }

    /** A word and what hangs on it; what hangs in front of it, as in l'heure. */
    private static void apart(List<Token> tokens, String text, String lower, boolean first) {
        int at = lower.indexOf('\'');
        String end = at < 0 ? "" : lower.substring(at);
        if (at > 0 && SHORT.containsKey(end)) {
            tokens.add(new Token(text.substring(0, at), lower.substring(0, at), first));
            String meant = SHORT.getOrDefault(end, "");
            if (!meant.isEmpty()) {
                tokens.add(new Token(meant, meant, false));
            }
        } else if (at > 0 && at <= 2 && at < lower.length() - 1) {
            tokens.add(new Token(text.substring(0, at), lower.substring(0, at), first));
            tokens.add(new Token(text.substring(at + 1), lower.substring(at + 1), false));
        } else if (lower.indexOf('-') > 0 && !lower.codePoints().anyMatch(Character::isDigit)) {
            tokens.add(new Token(text, lower.replace("-", ""), first));
        } else {
            tokens.add(new Token(text, lower, first));
        }
    }
}
