package dev.parley.bench.llm;

import java.util.List;

/** Short questions, and the same in other words: as people write them, politely, in a hurry, or with "can" instead of "do". */
public final class Paraphrases {

    private static final List<String> VERBS = List.of(
            "change", "find", "print", "export", "share", "download", "rename", "archive", "translate", "pay for");

    private static final List<String> THINGS = List.of(
            "invoice",
            "address",
            "subscription",
            "profile",
            "calendar",
            "report",
            "contract",
            "photo album",
            "playlist",
            "voucher",
            "timetable",
            "dashboard",
            "portfolio",
            "newsletter",
            "budget",
            "receipt",
            "signature",
            "passport",
            "boarding pass",
            "order",
            "parking permit",
            "certificate",
            "diary",
            "phone plan",
            "library card",
            "recipe",
            "shopping list",
            "travel guide",
            "insurance policy",
            "tax form",
            "warranty",
            "menu",
            "poster",
            "business card",
            "catalogue",
            "prescription",
            "lesson plan",
            "bookmark",
            "presentation",
            "spreadsheet",
            "survey",
            "wallpaper",
            "ringtone",
            "manual",
            "map",
            "ticket",
            "novel",
            "crossword",
            "painting",
            "song");

    private static final String STORED = "How do I %s my %s?";

    private static final List<String> WORDINGS = List.of(
            "How can I %s my %s?",
            "how to %s my %s",
            "How do I %s my %s, please?",
            "Could you please tell me how I can %s my %s?",
            "how do i %s my %s",
            "Please, how can I %s my %s?",
            "how can i %s my %s",
            "How can I %s my %s, please?");

    /** Questions that there are. */
    public static final int MOST = VERBS.size() * THINGS.size();

    private final int questions;

    public Paraphrases(int questions) {
        if (questions < 1 || questions > MOST) {
            throw new IllegalArgumentException(
                    "there are 1 to " + MOST + " questions in other words, not " + questions);
        }
        this.questions = questions;
    }

    /** How many different ones there are of all questions together. */
    public int wordings() {
        return questions * WORDINGS.size();
    }

    public String stored(int question) {
        return STORED.formatted(verb(question), thing(question));
    }

    /** Which question the nth wording asks. */
    public int question(long n) {
        return (int) (n % questions);
    }

    /** The nth; each is another text. */
    public String wording(long n) {
        int question = question(n);
        return WORDINGS.get((int) (n / questions) % WORDINGS.size()).formatted(verb(question), thing(question));
    }

    private static String verb(int question) {
        return VERBS.get(question / THINGS.size());
    }

    private static String thing(int question) {
        return THINGS.get(question % THINGS.size());
    }
}
