package dev.parley.llmcache.text;

import dev.parley.llmcache.text.FoldedText.Word;
import dev.parley.llmcache.text.TimePhrase.Kind;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.Character.UnicodeScript;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds words that ask about now, in the languages of {@code time-words.txt}; in others it finds nothing. The file is read when the class is
 * initialized. Thread-safe; takes time in proportion to the text.
 */
public final class TimeWords {

    private static final TimeWords TABLE = read();

    /** Prefixes that Arabic and Hebrew write together with a word: and, in, to, from, that. */
    private static final String PREFIXES = "وفبلكשהובלמכ";

    private static final int MOST_PREFIXES = 2;

    private final PhraseTree phrases = new PhraseTree();
    private final Map<Character, List<Unspaced>> unspaced = new HashMap<>();
    private final Map<String, Set<String>> seenBy = new LinkedHashMap<>();

    /** A phrase of a script that is written without blanks. */
    private record Unspaced(Kind kind, String text) {}

    private record Range(int from, int to) {

        boolean covers(Range other) {
            return from <= other.from && other.to <= to;
        }
    }

    /** @param language empty: of none, it is not used but spoken of */
    private record Sighting(Kind kind, String language, Range range) {}

    private TimeWords() {}

    /** Reads the file and what the JDK knows of Unicode, unless that is done: both block. */
    public static void load() {
        String unused = first("\u00E9 \u4ECA");
    }

    /** The first words in a text that ask about now, folded; null: there are none. */
    public static @Nullable String first(String text) {
        FoldedText folded = FoldedText.of(text);
        List<Sighting> seen = TABLE.sightings(folded);
        List<Range> others = seen.stream()
                .filter(each -> each.kind == Kind.OTHER || each.kind == Kind.NAME)
                .map(Sighting::range)
                .toList();
        return seen.stream()
                .filter(each -> TABLE.isNow(each, folded.words()))
                .filter(each ->
                        each.kind == Kind.NOW_ALWAYS || others.stream().noneMatch(other -> other.covers(each.range)))
                .findFirst()
                .map(each -> folded.text().substring(each.range.from, each.range.to))
                .orElse(null);
    }

    private boolean isNow(Sighting seen, List<Word> words) {
        return switch (seen.kind) {
            case NOW, NOW_ALWAYS -> !seen.language.isEmpty();
            case NOW_HERE -> languages(words).contains(seen.language);
            case OTHER, NAME -> false;
        };
    }

    private List<Sighting> sightings(FoldedText text) {
        List<Sighting> seen = new ArrayList<>();
        List<Word> words = text.words();
        for (int i = 0; i < words.size(); i++) {
            int at = i;
            phrases(words, at, phrase -> seen.add(sighting(words, at, phrase)));
        }
        unspaced(text.text(), seen);
        return seen;
    }

    private Sighting sighting(List<Word> words, int at, TimePhrase phrase) {
        int last = at + phrase.parts().size() - 1;
        Range range = new Range(words.get(at).from(), words.get(last).to());
        boolean used = !isMention(words, at, last);
        return new Sighting(phrase.kind(), used ? phrase.language() : "", range);
    }

    /** One word between quotation marks is spoken of, not used. */
    private static boolean isMention(List<Word> words, int first, int last) {
        return first == last
                && first > 0
                && last + 1 < words.size()
                && words.get(first - 1).text().equals(FoldedText.QUOTE)
                && words.get(last + 1).text().equals(FoldedText.QUOTE);
    }

    private void phrases(List<Word> words, int at, Consumer<TimePhrase> found) {
        String word = words.get(at).text();
        phrases.find(words, at, word, found);
        int prefixes = 0;
        while (prefixes < MOST_PREFIXES && word.length() > 2 && PREFIXES.indexOf(word.charAt(0)) >= 0) {
            // "To the" is one letter shorter in Arabic.
            word = word.startsWith("لل") ? "ال" + word.substring(2) : word.substring(1);
            phrases.find(words, at, word, found);
            prefixes++;
        }
    }

    private void unspaced(String text, List<Sighting> seen) {
        for (int at = 0; at < text.length(); at++) {
            for (Unspaced phrase : unspaced.getOrDefault(text.charAt(at), List.of())) {
                if (text.startsWith(phrase.text, at)) {
                    Range range = new Range(at, at + phrase.text.length());
                    boolean mention = at > 0
                            && range.to < text.length()
                            && "“「『\"'‘".indexOf(text.charAt(at - 1)) >= 0
                            && "”」』\"'’".indexOf(text.charAt(range.to)) >= 0;
                    seen.add(new Sighting(phrase.kind, mention ? "" : "unspaced", range));
                }
            }
        }
    }

    /** Those that most of the words belong to. */
    private Set<String> languages(List<Word> words) {
        Map<String, Integer> counts = new HashMap<>();
        seenBy.forEach((language, its) -> counts.put(language, (int)
                words.stream().filter(word -> its.contains(word.text())).count()));
        int most = counts.values().stream().mapToInt(count -> count).max().orElse(0);
        Set<String> languages = new HashSet<>();
        counts.forEach((language, count) -> {
            if (count > 0 && count == most) {
                languages.add(language);
            }
        });
        return languages;
    }

    private static TimeWords read() {
        TimeWords table = new TimeWords();
        try (InputStream in = Objects.requireNonNull(TimeWords.class.getResourceAsStream("time-words.txt"));
                BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            String language = "";
            String line;
            while ((line = lines.readLine()) != null) {
                if (line.startsWith("[")) {
                    language = line.substring(1, line.length() - 1);
                } else if (!line.isBlank() && !line.startsWith("#")) {
                    table.line(language, line.strip());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return table;
    }

    private void line(String language, String line) {
        Kind kind = switch (line.charAt(0)) {
            case '-' -> Kind.OTHER;
            case '^' -> Kind.NAME;
            case '~' -> Kind.NOW_HERE;
            case '!' -> Kind.NOW_ALWAYS;
            default -> Kind.NOW;
        };
        if (line.startsWith("?")) {
            Stream.of(line.substring(1).strip().split(" +"))
                    .map(word -> FoldedText.of(word).text())
                    .forEach(seenBy.computeIfAbsent(language, name -> new HashSet<>())::add);
        } else {
            String phrases = kind == Kind.NOW ? line : line.substring(1).strip();
            TimePhrase.expanded(phrases).distinct().forEach(phrase -> phrase(kind, language, phrase));
        }
    }

    private void phrase(Kind kind, String language, String phrase) {
        if (isUnspaced(phrase)) {
            String text = FoldedText.of(phrase).text();
            unspaced.computeIfAbsent(text.charAt(0), first -> new ArrayList<>()).add(new Unspaced(kind, text));
            return;
        }
        phrases.add(TimePhrase.of(kind, language, phrase, language.equals("ko")));
    }

    private static boolean isUnspaced(String phrase) {
        return phrase.codePoints()
                .mapToObj(UnicodeScript::of)
                .anyMatch(script -> script == UnicodeScript.HAN
                        || script == UnicodeScript.HIRAGANA
                        || script == UnicodeScript.KATAKANA);
    }
}
