package dev.parley.llmcache.semantic.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Other months, days, times of the day or year; past, present or future. */
final class DatesGuard implements Guard {

    private static final Lexicon LEXICON = Lexicon.INSTANCE;
    /** Months that are other words as well, unless something around them says that they are months. */
    private static final Set<String> WORDS_TOO = Set.of("may", "march", "mars", "mai", "mar");

    private static final Set<String> OF_A_CLOCK = Set.of("am", "pm");

    private static final Set<String> BEFORE_MONTHS =
            Set.of("in", "on", "since", "by", "until", "till", "of", "last", "next", "this", "early", "late", "mid");

    @Override
    public String name() {
        return "dates";
    }

    @Override
    public @Nullable String objection(Question asked, Question other) {
        String dates = Guard.unlessSame(dates(asked), dates(other));
        return dates == null ? Guard.unlessSame(tense(asked), tense(other)) : dates;
    }

    private static List<String> dates(Question question) {
        List<String> all = new ArrayList<>();
        List<Token> tokens = question.tokens();
        for (int i = 0; i < tokens.size(); i++) {
            String word = tokens.get(i).lower();
            String month = LEXICON.group("months", word);
            String day = LEXICON.group("days", word);
            if (month != null && (!WORDS_TOO.contains(word) || isMonth(tokens, i))) {
                all.add(month);
            } else if (day != null
                    && (!OF_A_CLOCK.contains(word)
                            || (i > 0 && tokens.get(i - 1).isNumber()))) {
                all.add(day);
            }
        }
        return all;
    }

    private static boolean isMonth(List<Token> tokens, int at) {
        Token before = at > 0 ? tokens.get(at - 1) : null;
        return (before != null && (before.isNumber() || BEFORE_MONTHS.contains(before.lower())))
                || (at + 1 < tokens.size() && tokens.get(at + 1).isNumber());
    }

    /** Each time that is spoken of, once. */
    private static List<String> tense(Question question) {
        List<String> all = new ArrayList<>();
        if (!Words.groups(question, "tense past").isEmpty()) {
            all.add("past");
        }
        if (!Words.groups(question, "tense future").isEmpty()) {
            all.add("future");
        }
        return all;
    }
}
