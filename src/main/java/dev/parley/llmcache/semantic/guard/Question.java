package dev.parley.llmcache.semantic.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A question as the guards read it. Thread-safe. */
public final class Question {

    private static final Lexicon LEXICON = Lexicon.INSTANCE;

    private final String text;
    private final List<Token> tokens;
    private final List<String> words;
    private final @Nullable String language;
    /** The last ones that were asked for. */
    private volatile @Nullable Terms terms;

    private record Terms(String language, List<String> words) {}

    private Question(String text, List<Token> tokens) {
        this.text = text;
        this.tokens = tokens;
        List<String> lower = tokens.stream().map(Token::lower).toList();
        this.language = LEXICON.language(lower);
        this.words = withoutPhrases(lower);
    }

    /** Reads it; takes time and room in proportion to its length. */
    public static Question of(String text) {
        return new Question(text, List.copyOf(Tokens.of(text)));
    }

    private static List<String> withoutPhrases(List<String> lower) {
        List<String> words = new ArrayList<>(lower.size());
        int at = 0;
        while (at < lower.size()) {
            Lexicon.Phrase phrase = phrase(lower, at);
            if (phrase == null) {
                words.add(lower.get(at++));
            } else {
                words.addAll(phrase.meaning());
                at += phrase.words().size();
            }
        }
        return List.copyOf(words);
    }

    /** The longest phrase that begins there. */
    private static Lexicon.@Nullable Phrase phrase(List<String> lower, int at) {
        Lexicon.Phrase longest = null;
        for (Lexicon.Phrase phrase : LEXICON.phrases(lower.get(at))) {
            int end = at + phrase.words().size();
            if (end <= lower.size()
                    && lower.subList(at, end).equals(phrase.words())
                    && (longest == null
                            || phrase.words().size() > longest.words().size())) {
                longest = phrase;
            }
        }
        return longest;
    }

    String text() {
        return text;
    }

    /** All there is, as it was written. */
    List<Token> tokens() {
        return tokens;
    }

    /** In small letters, with set phrases replaced by what they mean. */
    List<String> words() {
        return words;
    }

    /** Null: it could not be told. */
    @Nullable
    String language() {
        return language;
    }

    /** The language of two questions whose languages don't differ. */
    static String common(Question one, Question other) {
        return Objects.requireNonNullElse(one.language, Objects.requireNonNullElse(other.language, Lexicon.ENGLISH));
    }

    /** The words that it is about, in their order: without those that carry nothing, and each in its plain form. */
    List<String> terms(String inLanguage) {
        Terms known = terms;
        if (known == null || !known.language.equals(inLanguage)) {
            known = new Terms(inLanguage, termsIn(inLanguage));
            terms = known;
        }
        return known.words;
    }

    private List<String> termsIn(String inLanguage) {
        return words.stream()
                .filter(word -> !LEXICON.carriesNothing(inLanguage, word))
                .map(word -> Words.plain(word, inLanguage))
                .toList();
    }
}
