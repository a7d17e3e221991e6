package dev.parley.bench.report;

import dev.parley.bench.result.Round;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * An axis: where a value stands on it, and what is written along it.
 *
 * @param place from a value to a number that grows evenly along the axis
 */
record Scale(double min, double max, DoubleUnaryOperator place, List<Tick> ticks) {

    private static final double[] STEPS = {1, 2, 5, 10};
    private static final int MOST_STEPS = 5;

    /** Where the largest of all stands on the scale of percentiles: it is the percentile 100, which is infinitely far away. */
    private static final double BEYOND = 0.6;

    record Tick(double value, String label) {}

    /** 0 at the beginning, 1 at the end. */
    double at(double value) {
        double start = place.applyAsDouble(min);
        double length = place.applyAsDouble(max) - start;
        return length == 0 ? 0.5 : (place.applyAsDouble(value) - start) / length;
    }

    /** From 0 to a round number above the largest. */
    static Scale upTo(double largest) {
        double step = step(largest);
        return linear(Math.max(1, Math.ceil(largest / step - 1e-9)) * step, step);
    }

    /** From 0 to exactly there. */
    static Scale until(double end) {
        return linear(end, step(end));
    }

    private static Scale linear(double max, double step) {
        List<Tick> ticks = new ArrayList<>();
        for (int i = 0; i * step <= max * 1.0001; i++) {
            ticks.add(new Tick(i * step, Numbers.tick(i * step)));
        }
        return new Scale(0, max, value -> value, ticks);
    }

    private static double step(double largest) {
        if (!(largest > 0)) {
            return 1;
        }
        double power = Math.pow(10, Math.floor(Math.log10(largest / MOST_STEPS)));
        for (double step : STEPS) {
            if (largest / (step * power) <= MOST_STEPS) {
                return step * power;
            }
        }
        return 10 * power;
    }

    /** Logarithmic, between 1, 2 or 5 times powers of ten. Values must be above 0. */
    static Scale log(double least, double largest) {
        List<Double> round = new ArrayList<>();
        for (int power = (int) Math.floor(Math.log10(least)) - 1; power <= Math.log10(largest) + 1; power++) {
            for (int i = 0; i < 3; i++) {
                round.add(STEPS[i] * Math.pow(10, power));
            }
        }
        double min = round.stream().filter(v -> v <= least * 1.0001).reduce(least, (a, b) -> b);
        double max =
                round.stream().filter(v -> v >= largest * 0.9999).findFirst().orElse(largest);
        double end = max > min ? max : min * 10;
        boolean powersOnly = end / min > 200;
        List<Tick> ticks = round.stream()
                .filter(v -> v >= min * 0.9999 && v <= end * 1.0001)
                .filter(v -> !powersOnly || Math.abs(Math.log10(v) - Math.rint(Math.log10(v))) < 1e-6)
                .map(v -> new Tick(v, Numbers.tick(v)))
                .toList();
        return new Scale(min, end, Math::log10, ticks);
    }

    /** Logarithmic, with these values and no others along it. */
    static Scale logOf(Collection<Double> values) {
        List<Double> sorted = values.stream().sorted().distinct().toList();
        return new Scale(
                sorted.get(0),
                sorted.get(sorted.size() - 1),
                Math::log10,
                sorted.stream().map(v -> new Tick(v, Numbers.tick(v))).toList());
    }

    /** Percentiles, each nine as far from the last one: log 1/(1-p). The percentile 100 stands a little behind the highest other one. */
    static Scale percentiles(Collection<Double> percentiles) {
        double highest =
                percentiles.stream().filter(p -> p < 100).max(Double::compare).orElse(0.0);
        double end = nines(highest) + BEYOND;
        List<Tick> ticks = new ArrayList<>();
        for (double percentile : new double[] {0, 50, 90, 99, 99.9, 99.99}) {
            if (percentile <= highest) {
                ticks.add(new Tick(percentile, Round.label(percentile)));
            }
        }
        ticks.add(new Tick(100, "max"));
        return new Scale(0, 100, p -> p < 100 ? nines(p) : end, ticks);
    }

    private static double nines(double percentile) {
        return -Math.log10(1 - percentile / 100);
    }
}
