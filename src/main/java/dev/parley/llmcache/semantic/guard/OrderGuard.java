package dev.parley.llmcache.semantic.guard;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The same words in another order (NY to Boston, Boston to NY), or with another preposition (from Boston, to Boston). */
final class OrderGuard implements Guard {

    private static final Lexicon LEXICON = Lexicon.INSTANCE;

    @Override
    public String name() {
        return "order";
    }

    @Override
    public @Nullable String objection(Question asked, Question other) {
        String language = Question.common(asked, other);
        List<String> one = asked.terms(language);
        List<String> two = other.terms(language);
        List<String> ordered = shared(one, two);
        String order = Guard.unlessSame(ordered, shared(two, one));
        return order == null ? prepositions(asked, other, language, new HashSet<>(ordered)) : order;
    }

    /** The words that both have, in the order of the first. */
    private static List<String> shared(List<String> of, List<String> with) {
        Map<String, Integer> left = new HashMap<>();
        with.forEach(word -> left.merge(word, 1, Integer::sum));
        List<String> shared = new ArrayList<>();
        for (String word : of) {
            if (left.merge(word, -1, Integer::sum) >= 0) {
                shared.add(word);
            }
        }
        return shared;
    }

    private static @Nullable String prepositions(Question asked, Question other, String language, Set<String> shared) {
        Map<String, String> one = prepositions(asked, language);
        Map<String, String> two = prepositions(other, language);
        for (String word : shared) {
            String before = one.get(word);
            String instead = two.get(word);
            if (before != null
                    && instead != null
                    && !before.equals(instead)
                    && (isStrong(before, language) || isStrong(instead, language))) {
                return before + " " + word + " / " + instead + " " + word;
            }
        }
        return null;
    }

    private static boolean isStrong(String word, String language) {
        return LEXICON.group("strong " + language, word) != null;
    }

    /** Each word that stands behind a preposition, with others in between that carry nothing. */
    private static Map<String, String> prepositions(Question question, String language) {
        Map<String, String> all = new HashMap<>();
        String before = null;
        for (String word : question.words()) {
            if (isStrong(word, language) || LEXICON.group("weak " + language, word) != null) {
                before = word;
            } else if (!LEXICON.carriesNothing(language, word)) {
                if (before != null) {
                    all.putIfAbsent(Words.plain(word, language), before);
                }
                before = null;
            }
        }
        return all;
    }
}
