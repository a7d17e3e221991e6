package dev.parley.llmcache.semantic.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Other quoted strings. Where only one quotes, the other must have the same words. */
final class QuotesGuard implements Guard {

    private static final Pattern QUOTED = Pattern.compile(
            "\"([^\"]+)\"|“([^”“]+)[”“]|„([^“”]+)[“”]|«([^»]+)»|`([^`]+)`|(?<![\\p{L}\\p{N}])['‘]([^'‘’]+)['’](?![\\p{L}\\p{N}])");

    @Override
    public String name() {
        return "quotes";
    }

    @Override
    public @Nullable String objection(Question asked, Question other) {
        List<String> one = quoted(asked);
        List<String> two = quoted(other);
        if (!one.isEmpty() && !two.isEmpty()) {
            return Guard.unlessSame(one, two);
        }
        return has(asked, two) && has(other, one) ? null : "only one quotes " + Words.shown(one.isEmpty() ? two : one);
    }

    private static boolean has(Question question, List<String> quoted) {
        String text = question.text().toLowerCase(Locale.ROOT);
        return quoted.stream().allMatch(each -> text.contains(each.toLowerCase(Locale.ROOT)));
    }

    private static List<String> quoted(Question question) {
        List<String> all = new ArrayList<>();
        Matcher matcher = QUOTED.matcher(question.text());
        while (matcher.find()) {
            for (int group = 1; group <= matcher.groupCount(); group++) {
                if (matcher.group(group) != null) {
                    all.add(matcher.group(group).strip());
                }
            }
        }
        return all;
    }
}
