package dev.parley.llmcache.text;

import dev.parley.llmcache.text.FoldedText.Word;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A phrase of {@code time-words.txt}. */
record TimePhrase(Kind kind, String language, List<Part> parts) {

    /** What is meant by it. */
    enum Kind {
        NOW,
        /** Now, where its language is seen. */
        NOW_HERE,
        /** Now, whatever it stands in. */
        NOW_ALWAYS,
        /** No time. */
        OTHER,
        /** No time, where it is a name. */
        NAME
    }

    /** One of its words. */
    record Part(String text, Ending ending) {}

    /** What may follow a part's text. */
    enum Ending {
        NONE,
        ANY,
        /** It is any word at all. */
        WORD
    }

    private static final Pattern CHOICE = Pattern.compile("\\(([^()]*)\\)");

    /** The phrases that a line stands for, each with one choice of every bracket. */
    static Stream<String> expanded(String line) {
        Matcher choice = CHOICE.matcher(line);
        return choice.find()
                ? Stream.of(choice.group(1).split("\\|", -1))
                        .flatMap(each ->
                                expanded(line.substring(0, choice.start()) + each + line.substring(choice.end())))
                : Stream.of(line.strip());
    }

    /** @param endings whether every word may have any, as Korean ones have */
    static TimePhrase of(Kind kind, String language, String phrase, boolean endings) {
        List<Part> parts = new ArrayList<>();
        for (String word : phrase.split("[\\s'-]+")) {
            boolean any = word.endsWith("*") || endings;
            parts.add(
                    word.equals("_")
                            ? new Part("", Ending.WORD)
                            : new Part(FoldedText.of(word.replace("*", "")).text(), any ? Ending.ANY : Ending.NONE));
        }
        return new TimePhrase(kind, language, List.copyOf(parts));
    }

    /** Whether it is meant where its words stand. */
    boolean fits(List<Word> words, int at) {
        return kind != Kind.NAME || isName(words, at);
    }

    private boolean isName(List<Word> words, int at) {
        return at > 0
                && !words.get(at - 1).isSign()
                && words.get(at).capital()
                && words.get(at + parts.size() - 1).capital();
    }
}
