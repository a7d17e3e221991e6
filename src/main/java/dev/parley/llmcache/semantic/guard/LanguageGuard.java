package dev.parley.llmcache.semantic.guard;

import java.lang.Character.UnicodeScript;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Another language or script. Where words are written without blanks, texts must have the same characters: nobody here can tell words apart. */
final class LanguageGuard implements Guard {

    private static final Set<UnicodeScript> UNSPACED = EnumSet.of(
            UnicodeScript.HAN,
            UnicodeScript.HIRAGANA,
            UnicodeScript.KATAKANA,
            UnicodeScript.THAI,
            UnicodeScript.LAO,
            UnicodeScript.KHMER,
            UnicodeScript.MYANMAR);

    @Override
    public String name() {
        return "language";
    }

    @Override
    public @Nullable String objection(Question asked, Question other) {
        Set<UnicodeScript> scripts = scripts(asked);
        if (!scripts.equals(scripts(other))) {
            return scripts + " / " + scripts(other);
        }
        if (scripts.stream().anyMatch(UNSPACED::contains) && !letters(asked).equals(letters(other))) {
            return "words of this script can't be told apart";
        }
        String one = asked.language();
        String two = other.language();
        return one == null || two == null || one.equals(two) ? null : one + " / " + two;
    }

    private static Set<UnicodeScript> scripts(Question question) {
        Set<UnicodeScript> scripts = EnumSet.noneOf(UnicodeScript.class);
        question.text()
                .codePoints()
                .filter(Character::isLetter)
                .mapToObj(UnicodeScript::of)
                .filter(script -> script != UnicodeScript.COMMON && script != UnicodeScript.INHERITED)
                .forEach(scripts::add);
        return scripts;
    }

    private static String letters(Question question) {
        return String.join(" ", question.words());
    }
}
