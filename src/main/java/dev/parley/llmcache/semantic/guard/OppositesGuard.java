package dev.parley.llmcache.semantic.guard;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One has a word, the other in its stead its contrary: from a list, or made by un-, dis-, in- and the like. */
final class OppositesGuard implements Guard {

    private static final Lexicon LEXICON = Lexicon.INSTANCE;
    private static final List<String> PREFIXES = List.of(
            "un", "dis", "in", "im", "ir", "il", "non", "de", "mis", "re", "anti", "over", "under", "pre", "post",
            "hyper", "hypo");

    @Override
    public String name() {
        return "opposites";
    }

    @Override
    public @Nullable String objection(Question asked, Question other) {
        List<String> one = without(asked, other);
        List<String> two = without(other, asked);
        for (String word : one) {
            for (String contrary : two) {
                if (opposed(word, contrary)) {
                    return word + " / " + contrary;
                }
            }
        }
        return null;
    }

    /** With and without their plural. */
    private static boolean opposed(String one, String other) {
        String singular = Words.plain(one, Lexicon.ENGLISH);
        String plain = Words.plain(other, Lexicon.ENGLISH);
        return LEXICON.areOpposites(one, other)
                || LEXICON.areOpposites(singular, plain)
                || prefixed(singular, plain)
                || prefixed(plain, singular);
    }

    private static boolean prefixed(String longer, String word) {
        return word.length() > 2
                && longer.endsWith(word)
                && PREFIXES.contains(longer.substring(0, longer.length() - word.length()));
    }

    private static List<String> without(Question question, Question other) {
        List<String> words = new ArrayList<>(question.words());
        words.removeAll(other.words());
        return words;
    }
}
