package dev.parley.llmcache.semantic.guard;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A name in one that is not in the other: what is written with capitals where it need not be, codes, addresses. Capitals themselves don't count. */
final class EntitiesGuard implements Guard {

    private static final String GERMAN = "de";

    @Override
    public String name() {
        return "entities";
    }

    @Override
    public @Nullable String objection(Question asked, Question other) {
        List<String> missing = missing(asked, other);
        missing.addAll(missing(other, asked));
        return missing.isEmpty() ? null : "only one names " + Words.shown(missing);
    }

    private static List<String> missing(Question of, Question in) {
        Set<String> there = new HashSet<>();
        String language = Question.common(of, in);
        in.tokens().forEach(token -> there.add(Words.plain(token.lower(), language)));
        List<String> missing = new ArrayList<>();
        boolean telling = capitalsTell(of);
        for (Token token : of.tokens()) {
            if (isName(token, telling) && !there.contains(Words.plain(token.lower(), language))) {
                missing.add(token.text());
            }
        }
        return missing;
    }

    /** In German every noun has a capital, in a headline every word. */
    private static boolean capitalsTell(Question question) {
        long words =
                question.tokens().stream().filter(token -> isLetter(token, 0)).count();
        long capitals =
                question.tokens().stream().filter(token -> isCapital(token, 0)).count();
        return !GERMAN.equals(question.language()) && (words < 3 || capitals * 5 < words * 4);
    }

    private static boolean isName(Token token, boolean telling) {
        if (!token.isCode() && (token.isNumber() || !isLetter(token, 0))) {
            return token.lower().startsWith("@") || token.lower().startsWith("#");
        }
        boolean inner = token.text().codePoints().skip(1).anyMatch(Character::isUpperCase);
        return token.isCode()
                || token.lower().contains("@")
                || token.lower().contains("://")
                || (telling && (inner || standsOut(token)));
    }

    private static boolean standsOut(Token token) {
        return isCapital(token, 0) && !token.first() && token.text().length() > 1;
    }

    private static boolean isLetter(Token token, int at) {
        return Character.isLetter(token.text().codePointAt(at));
    }

    private static boolean isCapital(Token token, int at) {
        return Character.isUpperCase(token.text().codePointAt(at));
    }
}
