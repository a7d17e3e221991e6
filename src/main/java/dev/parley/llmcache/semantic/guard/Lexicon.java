package dev.parley.llmcache.semantic.guard;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The words of {@code lexicon.txt}, read once. */
final class Lexicon {

    /** The language whose words are taken where none is recognized. */
    static final String ENGLISH = "en";

    static final Lexicon INSTANCE = read();

    private final Map<String, List<String>> sections;
    private final Map<String, Set<String>> stops = new HashMap<>();
    private final Map<String, Set<String>> languages = new LinkedHashMap<>();
    private final Map<String, Set<String>> contraries = new HashMap<>();
    private final Map<String, List<Phrase>> phrases = new HashMap<>();
    private final Map<String, Map<String, String>> groups = new HashMap<>();
    private final Set<String> plain;

    /** Words that follow each other and what stands for them. */
    record Phrase(List<String> words, List<String> meaning) {}

    private Lexicon(Map<String, List<String>> sections) {
        this.sections = sections;
        sections.forEach((name, lines) -> {
            if (name.startsWith("stop ")) {
                stops.put(name.substring(5), set(lines));
            } else if (name.startsWith("language ")) {
                languages.put(name.substring(9), set(lines));
            } else {
                groups.put(name, groups(lines));
            }
        });
        plain = set(section("plain"));
        section("opposites").forEach(this::opposites);
        section("phrases").forEach(this::phrase);
    }

    private static Lexicon read() {
        Map<String, List<String>> sections = new LinkedHashMap<>();
        try (InputStream in = Objects.requireNonNull(Lexicon.class.getResourceAsStream("lexicon.txt"));
                BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            List<String> section = new ArrayList<>();
            String line;
            while ((line = lines.readLine()) != null) {
                if (line.startsWith("[")) {
                    section = sections.computeIfAbsent(line.substring(1, line.length() - 1), name -> new ArrayList<>());
                } else if (!line.isBlank() && !line.startsWith("#")) {
                    section.add(line.strip());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Lexicon(sections);
    }

    private List<String> section(String name) {
        return sections.getOrDefault(name, List.of());
    }

    private static List<String> words(String line) {
        return line.isBlank() ? List.of() : List.of(line.strip().split(" +"));
    }

    private static Set<String> set(List<String> lines) {
        Set<String> all = new HashSet<>();
        lines.forEach(line -> all.addAll(words(line)));
        return all;
    }

    private static Map<String, String> groups(List<String> lines) {
        Map<String, String> groups = new HashMap<>();
        for (String line : lines) {
            List<String> group = words(line);
            group.forEach(word -> groups.putIfAbsent(word, group.get(0)));
        }
        return groups;
    }

    private void opposites(String line) {
        List<String> words = words(line);
        for (String other : words.subList(1, words.size())) {
            contraries.computeIfAbsent(words.get(0), word -> new HashSet<>()).add(other);
            contraries.computeIfAbsent(other, word -> new HashSet<>()).add(words.get(0));
        }
    }

    private void phrase(String line) {
        int at = line.indexOf('=');
        List<String> words = words(line.substring(0, at));
        phrases.computeIfAbsent(words.get(0), first -> new ArrayList<>())
                .add(new Phrase(words, words(line.substring(at + 1))));
    }

    /** The group of a word in a section, by the first of its words; null: it is in none. */
    @Nullable
    String group(String section, String word) {
        return groups.getOrDefault(section, Map.of()).get(word);
    }

    boolean carriesNothing(String language, String word) {
        return stops.getOrDefault(language, Set.of()).contains(word);
    }

    boolean isPlain(String word) {
        return plain.contains(word);
    }

    boolean areOpposites(String one, String other) {
        return contraries.getOrDefault(one, Set.of()).contains(other);
    }

    /** The phrases that begin with a word. */
    List<Phrase> phrases(String first) {
        return phrases.getOrDefault(first, List.of());
    }

    /** The language that most of the words belong to; null: none, or several. */
    @Nullable
    String language(List<String> words) {
        String best = null;
        int most = 0;
        boolean tie = false;
        for (Map.Entry<String, Set<String>> language : languages.entrySet()) {
            int count =
                    (int) words.stream().filter(language.getValue()::contains).count();
            tie = (count == most && count > 0) || (tie && count < most);
            if (count > most) {
                most = count;
                best = language.getKey();
            }
        }
        return tie ? null : best;
    }
}
