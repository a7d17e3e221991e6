package dev.parley.llmcache.text;

import dev.parley.llmcache.text.FoldedText.Word;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/** Tells by the words around a number what it is: those of {@code telephone-words.txt}. Thread-safe. */
final class NumberWords {

    /** What words say of a number. */
    enum Kind {
        TELEPHONE,
        /** An order, a part, an amount. */
        OTHER,
        UNKNOWN
    }

    private static final NumberWords TABLE = read();

    /** Characters on either side that are looked at. */
    private static final int BEFORE = 60;

    private static final int AFTER = 30;

    /** Words in front of a number, and behind it. */
    private static final int WORDS_BEFORE = 6;

    private static final int WORDS_AFTER = 3;

    private final Map<String, Set<String>> words = new HashMap<>();
    private final Map<String, Set<String>> stems = new HashMap<>();

    private NumberWords() {}

    /** By the nearest word in front of it that says anything, else by those behind it. */
    static Kind around(String text, int from, int to) {
        String front = text.substring(Math.max(0, from - BEFORE), from);
        String behind = text.substring(to, Math.min(text.length(), to + AFTER));
        List<Word> before = FoldedText.of(front).words();
        for (int i = before.size() - 1, seen = 0; i >= 0 && seen < WORDS_BEFORE; i--) {
            if (!before.get(i).isSign()) {
                Kind kind = TABLE.kind(before.get(i).text());
                if (kind != Kind.UNKNOWN) {
                    return kind;
                }
                seen++;
            }
        }
        List<Word> after = FoldedText.of(behind).words();
        for (int i = 0; i < Math.min(WORDS_AFTER, after.size()); i++) {
            String word = after.get(i).text();
            Kind kind = i == 0 && TABLE.has("unit", word) ? Kind.OTHER : TABLE.kind(word);
            if (kind != Kind.UNKNOWN) {
                return kind;
            }
        }
        return Kind.UNKNOWN;
    }

    private Kind kind(String word) {
        if (has("telephone", word) || contains("unspaced telephone", word)) {
            return Kind.TELEPHONE;
        }
        return has("other", word) || contains("unspaced other", word) ? Kind.OTHER : Kind.UNKNOWN;
    }

    private boolean has(String section, String word) {
        if (words.getOrDefault(section, Set.of()).contains(word)) {
            return true;
        }
        Set<String> its = stems.getOrDefault(section, Set.of());
        for (int length = 2; length <= word.length(); length++) {
            if (its.contains(word.substring(0, length))) {
                return true;
            }
        }
        return false;
    }

    private boolean contains(String section, String word) {
        return words.getOrDefault(section, Set.of()).stream().anyMatch(word::contains);
    }

    private static NumberWords read() {
        NumberWords table = new NumberWords();
        try (InputStream in = Objects.requireNonNull(NumberWords.class.getResourceAsStream("telephone-words.txt"));
                BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            String section = "";
            String line;
            while ((line = lines.readLine()) != null) {
                if (line.startsWith("[")) {
                    section = line.substring(1, line.length() - 1);
                } else if (!line.isBlank() && !line.startsWith("#")) {
                    table.line(section, line);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return table;
    }

    private void line(String section, String line) {
        Stream.of(line.strip().split(" +")).forEach(word -> {
            String text = FoldedText.of(word.replace("*", "")).text();
            if (word.endsWith("*")) {
                stems.computeIfAbsent(section, name -> new HashSet<>()).add(text);
            } else {
                words.computeIfAbsent(section, name -> new HashSet<>()).add(text);
            }
        });
    }
}
