package dev.parley.bench.measure;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/**
 * A JVM's pauses for collecting garbage up to some moment.
 *
 * @param millis of each that is known by itself
 * @param count how many there were
 * @param sum milliseconds of all of them
 */
public record Pauses(List<Double> millis, long count, double sum) {

    public static final Pauses NONE = of(List.of());

    public static Pauses of(List<Double> millis) {
        return new Pauses(
                millis,
                millis.size(),
                millis.stream().mapToDouble(pause -> pause).sum());
    }

    /** This JVM's own, as its collectors count them: each by itself is not known. */
    public static Pauses own() {
        long count = 0;
        long millis = 0;
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            // A collector that does not count answers -1.
            count += Math.max(0, collector.getCollectionCount());
            millis += Math.max(0, collector.getCollectionTime());
        }
        return new Pauses(List.of(), count, millis);
    }

    /** Those of two JVMs. */
    public Pauses plus(Pauses other) {
        List<Double> both = new ArrayList<>(millis);
        both.addAll(other.millis);
        return new Pauses(both, count + other.count, sum + other.sum);
    }

    /** Those since then. */
    public Pauses since(Pauses before) {
        List<Double> later = new ArrayList<>(millis);
        before.millis.forEach(later::remove);
        return new Pauses(later, count - before.count, sum - before.sum);
    }

    /** The longest one that is known by itself; 0 for none. */
    public double max() {
        return millis.stream().mapToDouble(pause -> pause).max().orElse(0);
    }
}
