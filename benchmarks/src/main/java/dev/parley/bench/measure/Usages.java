package dev.parley.bench.measure;

import dev.parley.bench.measure.Watched.Usage;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the processes of a run had used at one moment, by role. One that is not there has no part in it. */
public record Usages(long nanos, Map<String, Usage> byRole) {

    public static Usages now(List<Watched> processes) {
        Map<String, Usage> sums = new TreeMap<>();
        for (Watched process : processes) {
            process.usage().ifPresent(usage -> sums.merge(process.role(), usage, Usage::plus));
        }
        return new Usages(System.nanoTime(), sums);
    }

    public Usage of(String role) {
        return byRole.getOrDefault(role, Usage.NONE);
    }

    /** Whether there is a process that is watched. */
    public boolean has(String role) {
        return byRole.containsKey(role);
    }

    /** What was used since then. */
    public Usages since(Usages before) {
        Map<String, Usage> used = new TreeMap<>();
        byRole.forEach((role, usage) -> used.put(role, usage.since(before.of(role))));
        return new Usages(nanos - before.nanos, used);
    }

    public double seconds() {
        return nanos / 1e9;
    }
}
