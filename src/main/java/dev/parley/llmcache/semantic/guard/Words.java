package dev.parley.llmcache.semantic.guard;

import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Forms of words. */
final class Words {

    private static final Lexicon LEXICON = Lexicon.INSTANCE;
    private static final int SHORTEST_PLURAL = 4;

    /** A comma between thousands is English; elsewhere it may be a decimal one. */
    private static final Pattern THOUSANDS = Pattern.compile("\\p{Nd}{1,3}(?:,\\p{Nd}{3})+");

    private Words() {}

    /** A word without its plural, and for several that mean the same the first of them. */
    static String plain(String word, String language) {
        String meant = LEXICON.group("synonyms", word);
        if (meant != null) {
            return meant;
        }
        String number = LEXICON.group("numbers", word);
        if (number != null) {
            return number;
        }
        String unit = LEXICON.group("units", word);
        if (unit != null && word.length() > 1) {
            return unit;
        }
        if (language.equals(Lexicon.ENGLISH) && THOUSANDS.matcher(word).matches()) {
            return word.replace(",", "");
        }
        String singular = language.equals(Lexicon.ENGLISH) ? singular(word) : word;
        return Objects.requireNonNullElse(LEXICON.group("synonyms", singular), singular);
    }

    private static String singular(String word) {
        int end = word.length();
        if (end < SHORTEST_PLURAL
                || !word.endsWith("s")
                || word.endsWith("ss")
                || word.endsWith("us")
                || word.endsWith("is")
                || LEXICON.isPlain(word)) {
            return word;
        }
        if (word.endsWith("ies") && end > SHORTEST_PLURAL) {
            return word.substring(0, end - 3) + "y";
        }
        if (word.endsWith("ches") || word.endsWith("shes") || word.endsWith("xes") || word.endsWith("sses")) {
            return word.substring(0, end - 2);
        }
        return word.substring(0, end - 1);
    }

    /** The groups, in a section of the lexicon, of those words that are in one, in their order. */
    static List<String> groups(Question question, String section) {
        return question.words().stream()
                .<@Nullable String>map(word -> LEXICON.group(section, word))
                .filter(Objects::nonNull)
                .map(Objects::requireNonNull)
                .toList();
    }

    static String shown(List<String> words) {
        return words.isEmpty() ? "none" : String.join(" ", words);
    }
}
