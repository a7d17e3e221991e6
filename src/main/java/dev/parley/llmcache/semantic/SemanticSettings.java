package dev.parley.llmcache.semantic;

import java.time.Duration;
import java.util.Map;

/**
 * When an answer may be given to another question.
 *
 * @param threshold the least cosine, from 0 to 1
 * @param thresholds instead of it, by category
 * @param words whether both must speak of the same things ({@link dev.parley.llmcache.semantic.guard.Guards})
 * @param longest characters of a question; longer ones are neither looked for nor remembered: an embedder reads only the beginning
 * @param patience how long a look-up may take, embedding included
 * @param vectors questions of a partition where Redis has vector sets
 * @param bounded questions of a partition where it has none: the newest
 * @param copyBytes of those, what this node keeps of partitions it has read
 * @param errorBound how many of the answers that were served may be wrong, from 0 to 1
 * @param fewest answers that the bound counts with, though fewer were served
 * @param window how long a served answer counts
 */
public record SemanticSettings(
        double threshold,
        Map<String, Double> thresholds,
        boolean words,
        int longest,
        Duration patience,
        int vectors,
        int bounded,
        long copyBytes,
        double errorBound,
        int fewest,
        Duration window) {

    public static final SemanticSettings DEFAULT = new SemanticSettings(
            0.95,
            Map.of(),
            true,
            1_000,
            Duration.ofMillis(500),
            100_000,
            1_000,
            64 << 20,
            0.01,
            100,
            Duration.ofHours(24));

    public SemanticSettings {
        thresholds = Map.copyOf(thresholds);
    }

    double threshold(String category) {
        return thresholds.getOrDefault(category, threshold);
    }
}
