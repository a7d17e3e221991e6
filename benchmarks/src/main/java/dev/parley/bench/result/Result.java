package dev.parley.bench.result;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What came of one phase of a scenario on one system.
 *
 * @param settings as they were used
 * @param versions of what was measured
 */
public record Result(
        String scenario,
        String phase,
        String system,
        Map<String, String> settings,
        Map<String, String> versions,
        List<Round> rounds,
        Map<String, Spread> summary,
        List<String> problems) {

    /** The least, the middle and the most of a figure over the repetitions. */
    public record Spread(double min, double median, double max) {

        public static Spread of(List<Double> values) {
            List<Double> sorted = values.stream().sorted().toList();
            int size = sorted.size();
            double median = (sorted.get((size - 1) / 2) + sorted.get(size / 2)) / 2;
            return new Spread(sorted.get(0), median, sorted.get(size - 1));
        }

        public boolean overlaps(Spread other) {
            return min <= other.max && other.min <= max;
        }
    }

    public static Result of(
            String scenario,
            String phase,
            String system,
            Map<String, String> settings,
            Map<String, String> versions,
            List<Round> rounds) {
        Set<String> names = new LinkedHashSet<>();
        Set<String> problems = new LinkedHashSet<>();
        for (Round round : rounds) {
            names.addAll(round.figures().keySet());
            problems.addAll(round.problems());
        }
        Map<String, Spread> summary = new LinkedHashMap<>();
        for (String name : names) {
            List<Double> values = new ArrayList<>();
            for (Round round : rounds) {
                Double value = round.figures().get(name);
                if (value != null) {
                    values.add(value);
                }
            }
            summary.put(name, Spread.of(values));
        }
        return new Result(scenario, phase, system, settings, versions, rounds, summary, List.copyOf(problems));
    }

    /** The same, and when it has fewer rounds than these, as after a crash, it does not count. */
    public Result ofRounds(int wanted) {
        if (rounds.size() >= wanted) {
            return this;
        }
        List<String> all = new ArrayList<>(problems);
        all.add("it was ended after " + rounds.size() + " of " + wanted + " rounds");
        return new Result(scenario, phase, system, settings, versions, rounds, summary, List.copyOf(all));
    }

    public String name() {
        return place() + " " + system;
    }

    /** What was done, without to whom. */
    public String place() {
        return scenario + "/" + phase;
    }

    /** Whether the load had a rate of its own. */
    public boolean isPaced() {
        return !"max".equals(settings.get("rate"));
    }

    /** Whether it counts. */
    public boolean valid() {
        return problems.isEmpty();
    }

    /** A figure's median; NaN when it was not measured. */
    public double median(String figure) {
        Spread spread = summary.get(figure);
        return spread == null ? Double.NaN : spread.median();
    }
}
