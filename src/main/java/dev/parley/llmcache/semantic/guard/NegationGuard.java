package dev.parley.llmcache.semantic.guard;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One denies, restricts or makes a condition of what the other does not: a word of that kind, and what comes next behind it. */
final class NegationGuard implements Guard {

    private static final Lexicon LEXICON = Lexicon.INSTANCE;

    @Override
    public String name() {
        return "negation";
    }

    @Override
    public @Nullable String objection(Question asked, Question other) {
        String language = Question.common(asked, other);
        return Guard.unlessSame(denied(asked, language), denied(other, language));
    }

    private static List<String> denied(Question question, String language) {
        List<String> all = new ArrayList<>();
        boolean open = false;
        for (String word : question.words()) {
            String group = group(word, language);
            if (group != null) {
                all.add(group);
                open = true;
            } else if (open && !LEXICON.carriesNothing(language, word)) {
                all.add(Words.plain(word, language));
                open = false;
            }
        }
        return all;
    }

    private static @Nullable String group(String word, String language) {
        String own = LEXICON.group("not " + language, word);
        String not = own == null ? LEXICON.group("not", word) : own;
        return not == null ? LEXICON.group("only", word) : not;
    }
}
