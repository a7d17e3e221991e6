package dev.parley.llmcache.semantic.guard;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One speaks of something that the other does not: beside words that carry nothing, plurals and a few synonyms, both must have the same. */
final class WordsGuard implements Guard {

    @Override
    public String name() {
        return "words";
    }

    @Override
    public @Nullable String objection(Question asked, Question other) {
        String language = Question.common(asked, other);
        List<String> one = asked.terms(language);
        List<String> two = other.terms(language);
        List<String> here = without(one, two);
        List<String> there = without(two, one);
        return here.isEmpty() && there.isEmpty() ? null : Words.shown(here) + " / " + Words.shown(there);
    }

    private static List<String> without(List<String> of, List<String> others) {
        List<String> left = new ArrayList<>(of);
        others.forEach(left::remove);
        return left;
    }
}
