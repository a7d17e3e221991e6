package dev.parley.llmcache.semantic.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Who does it to whom: I and you, in another order or one instead of the other. */
final class PersonsGuard implements Guard {

    private static final Set<String> FIRST = Set.of(
            "i", "me", "my", "mine", "myself", "we", "us", "our", "ours", "ich", "mir", "mich", "mein", "meine",
            "meinen", "wir", "uns", "unser", "unsere", "je", "j", "mon", "ma", "mes", "moi", "nous", "notre", "mi",
            "mis", "yo", "mio", "mia", "io", "meu", "minha", "eu", "mijn", "ik", "mij");

    private static final Set<String> SECOND = Set.of(
            "you",
            "your",
            "yours",
            "yourself",
            "du",
            "dir",
            "dich",
            "dein",
            "deine",
            "ihnen",
            "ihr",
            "ihre",
            "vous",
            "votre",
            "vos",
            "tu",
            "ton",
            "ta",
            "tes",
            "toi",
            "usted",
            "su",
            "tuo",
            "tua",
            "você",
            "seu",
            "sua",
            "jij",
            "je",
            "jouw",
            "uw",
            "u");

    @Override
    public String name() {
        return "persons";
    }

    @Override
    public @Nullable String objection(Question asked, Question other) {
        List<String> one = persons(asked);
        List<String> two = persons(other);
        return one.isEmpty() || two.isEmpty() ? null : Guard.unlessSame(one, two);
    }

    private static List<String> persons(Question question) {
        boolean dutch = "nl".equals(question.language());
        List<String> all = new ArrayList<>();
        for (String word : question.words()) {
            String person =
                    FIRST.contains(word) && !(dutch && word.equals("je")) ? "I" : SECOND.contains(word) ? "you" : null;
            if (person != null && (all.isEmpty() || !all.get(all.size() - 1).equals(person))) {
                all.add(person);
            }
        }
        return all;
    }
}
