package dev.parley.llmcache.semantic.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Other numbers, or the same in another order; digits, words and numerals. Signs of comparison, too. */
final class NumbersGuard implements Guard {

    private static final Lexicon LEXICON = Lexicon.INSTANCE;
    private static final String SIGNS = "<>=≤≥≠+*^-";

    @Override
    public String name() {
        return "numbers";
    }

    @Override
    public @Nullable String objection(Question asked, Question other) {
        return Guard.unlessSame(numbers(asked), numbers(other));
    }

    private static List<String> numbers(Question question) {
        List<String> all = new ArrayList<>();
        for (Token token : question.tokens()) {
            String group = LEXICON.group("numbers", token.lower());
            if (group != null) {
                all.add(group);
            } else if (token.isNumber() || SIGNS.contains(token.lower())) {
                all.add(Words.plain(token.lower(), Objects.requireNonNullElse(question.language(), "")));
            }
        }
        return all;
    }
}
