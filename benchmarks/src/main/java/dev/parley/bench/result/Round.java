package dev.parley.bench.result;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * One repetition.
 *
 * @param figures by name; the name ends with the unit where there is one
 * @param percentiles latencies in milliseconds, by percentile
 * @param series what was seen over time
 * @param problems why it does not count
 */
public record Round(
        Map<String, Double> figures, Map<String, Double> percentiles, List<Sample> series, List<String> problems) {

    private static final double[] PERCENTILES = {0, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.99, 100};

    public Round() {
        this(new LinkedHashMap<>(), new LinkedHashMap<>(), new ArrayList<>(), new ArrayList<>());
    }

    /**
     * What was seen at one moment.
     *
     * @param seconds since the measurement began
     */
    public record Sample(double seconds, Map<String, Double> figures) {}

    public void put(String name, double value) {
        figures.put(name, value);
    }

    public void problem(String what) {
        problems.add(what);
    }

    /** The percentiles of times in nanoseconds, and the usual ones as figures. */
    public void latencies(Histogram nanos) {
        if (nanos.getTotalCount() == 0) {
            return;
        }
        for (double percentile : PERCENTILES) {
            percentiles.put(label(percentile), nanos.getValueAtPercentile(percentile) / 1e6);
        }
        for (double percentile : new double[] {50, 99, 99.9}) {
            put("latency_p" + label(percentile) + "_ms", nanos.getValueAtPercentile(percentile) / 1e6);
        }
        put("latency_max_ms", nanos.getMaxValue() / 1e6);
    }

    public static String label(double percentile) {
        return percentile == Math.rint(percentile) ? Long.toString((long) percentile) : Double.toString(percentile);
    }
}
