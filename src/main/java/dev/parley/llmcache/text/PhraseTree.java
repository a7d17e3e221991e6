package dev.parley.llmcache.text;

import dev.parley.llmcache.text.FoldedText.Word;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Phrases by their first word, then by their second, and so on. Thread-safe once it is filled. */
final class PhraseTree {

    private final Map<String, PhraseTree> words = new HashMap<>();
    private final Map<String, PhraseTree> stems = new HashMap<>();
    private final TreeSet<Integer> stemLengths = new TreeSet<>();
    private final List<TimePhrase> ends = new ArrayList<>();
    private @Nullable PhraseTree any;

    void add(TimePhrase phrase) {
        PhraseTree node = this;
        for (TimePhrase.Part part : phrase.parts()) {
            node = node.child(part);
        }
        node.ends.add(phrase);
    }

    private PhraseTree child(TimePhrase.Part part) {
        return switch (part.ending()) {
            case NONE -> words.computeIfAbsent(part.text(), text -> new PhraseTree());
            case ANY -> {
                stemLengths.add(part.text().length());
                yield stems.computeIfAbsent(part.text(), text -> new PhraseTree());
            }
            case WORD -> {
                PhraseTree child = any == null ? new PhraseTree() : any;
                any = child;
                yield child;
            }
        };
    }

    /**
     * Finds the phrases that begin at a word.
     *
     * @param first the word there, or what it is without a prefix
     */
    void find(List<Word> text, int at, String first, Consumer<TimePhrase> found) {
        step(text, at, at, first, found);
    }

    private void step(List<Word> text, int from, int at, String word, Consumer<TimePhrase> found) {
        if (text.get(at).isSign()) {
            return;
        }
        PhraseTree exact = words.get(word);
        if (exact != null) {
            exact.arrive(text, from, at, found);
        }
        for (int length : stemLengths) {
            PhraseTree stem = length <= word.length() ? stems.get(word.substring(0, length)) : null;
            if (stem != null) {
                stem.arrive(text, from, at, found);
            }
        }
        if (any != null) {
            any.arrive(text, from, at, found);
        }
    }

    private void arrive(List<Word> text, int from, int at, Consumer<TimePhrase> found) {
        for (TimePhrase phrase : ends) {
            if (phrase.fits(text, from)) {
                found.accept(phrase);
            }
        }
        if (at + 1 < text.size()) {
            step(text, from, at + 1, text.get(at + 1).text(), found);
        }
    }
}
