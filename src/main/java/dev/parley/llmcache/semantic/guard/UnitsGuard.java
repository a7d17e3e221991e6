package dev.parley.llmcache.semantic.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Other units, whether there is a number in front of them or not. MB and Mb are two. */
final class UnitsGuard implements Guard {

    private static final Lexicon LEXICON = Lexicon.INSTANCE;
    private static final Pattern DATA = Pattern.compile("[kKMGT]i?[bB](?:ps|/s)?");

    @Override
    public String name() {
        return "units";
    }

    @Override
    public @Nullable String objection(Question asked, Question other) {
        return Guard.unlessSame(units(asked), units(other));
    }

    private static List<String> units(Question question) {
        List<String> all = new ArrayList<>();
        Token before = null;
        for (Token token : question.tokens()) {
            String group = LEXICON.group("units", token.lower());
            if (DATA.matcher(token.text()).matches()) {
                all.add(token.text());
            } else if (group != null && (standsAlone(token.lower()) || follows(before))) {
                all.add(group);
            }
            before = token;
        }
        return all;
    }

    /** One or two letters are a unit only behind a number. */
    private static boolean standsAlone(String unit) {
        return unit.length() > 2 || !Character.isLetter(unit.codePointAt(0));
    }

    private static boolean follows(@Nullable Token before) {
        return before != null && before.isNumber();
    }
}
