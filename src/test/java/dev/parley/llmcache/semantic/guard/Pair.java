package dev.parley.llmcache.semantic.guard;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/**
 * Two questions of the labelled set.
 *
 * @param hit whether the answer to one is right for the other
 * @param guard that should object when it is not; empty when it is
 */
public record Pair(boolean hit, String guard, String one, String other) {

    public static List<Pair> all() {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(Pair.class.getResourceAsStream("/dev/parley/llmcache/semantic/pairs.tsv")),
                StandardCharsets.UTF_8))) {
            return lines.lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(line -> line.split("\t", -1))
                    .map(fields -> new Pair(fields[0].equals("hit"), fields[1], fields[2], fields[3]))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public boolean passes(Guards guards) {
        return guards.untilOneObjects(Question.of(one), Question.of(other)).stream()
                .allMatch(Verdict::passes);
    }
}
