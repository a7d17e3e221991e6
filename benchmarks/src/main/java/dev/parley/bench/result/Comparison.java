package dev.parley.bench.result;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Two files of results, side by side.
 *
 * @param pairs what both have
 * @param onlyA what only the first one has
 * @param onlyB what only the second one has
 */
public record Comparison(List<Pair> pairs, List<Result> onlyA, List<Result> onlyB) {

    /** The same phase twice; the systems may be two when each side has just one. */
    public record Pair(Result a, Result b) {

        /** Every figure that both sides have. */
        public List<Difference> differences() {
            List<Difference> differences = new ArrayList<>();
            a.summary().forEach((figure, spread) -> {
                Result.Spread other = b.summary().get(figure);
                if (other != null) {
                    differences.add(new Difference(figure, spread, other, better(figure)));
                }
            });
            return differences;
        }

        /** Every figure that judges A, and that B does not have. */
        public List<String> lacking() {
            return a.summary().keySet().stream()
                    .filter(figure -> !b.summary().containsKey(figure) && better(figure) != Better.NEITHER)
                    .toList();
        }

        private Better better(String figure) {
            return Better.of(figure, a.isPaced() && b.isPaced());
        }

        public String name() {
            return a.place() + " " + (a.system().equals(b.system()) ? a.system() : a.system() + " → " + b.system());
        }

        /** Whether a range is the range of anything. */
        public boolean hasRanges() {
            return a.rounds().size() > 1 && b.rounds().size() > 1;
        }

        /** Whether both were asked for the same. */
        public boolean alike() {
            return a.settings().equals(b.settings());
        }
    }

    public static Comparison of(Results a, Results b) {
        Map<String, List<Result>> left = byPlace(a);
        Map<String, List<Result>> right = byPlace(b);
        List<Pair> pairs = new ArrayList<>();
        left.forEach((place, results) -> pairs.addAll(pairs(results, right.getOrDefault(place, List.of()))));
        return new Comparison(
                pairs,
                without(a.results(), pairs.stream().map(Pair::a).toList()),
                without(b.results(), pairs.stream().map(Pair::b).toList()));
    }

    private static List<Pair> pairs(List<Result> left, List<Result> right) {
        if (left.size() == 1 && right.size() == 1) {
            return List.of(new Pair(left.get(0), right.get(0)));
        }
        List<Pair> pairs = new ArrayList<>();
        for (Result result : left) {
            Result other = ofSystem(right, result.system());
            if (other != null) {
                pairs.add(new Pair(result, other));
            }
        }
        return pairs;
    }

    private static @Nullable Result ofSystem(List<Result> results, String system) {
        return results.stream()
                .filter(result -> result.system().equals(system))
                .findFirst()
                .orElse(null);
    }

    private static Map<String, List<Result>> byPlace(Results results) {
        Map<String, List<Result>> byPlace = new LinkedHashMap<>();
        for (Result result : results.results()) {
            byPlace.computeIfAbsent(result.place(), place -> new ArrayList<>()).add(result);
        }
        return byPlace;
    }

    private static List<Result> without(List<Result> all, List<Result> matched) {
        return all.stream()
                .filter(result -> matched.stream().noneMatch(other -> other == result))
                .toList();
    }
}
