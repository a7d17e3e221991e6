package dev.parley.bench.report;

import dev.parley.bench.result.Result;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A system in one phase.
 *
 * @param label the system, and the file when several have it
 * @param color the same for a label all over the page; the gateway's is the first one
 */
record Column(String label, int color, Result result) {

    static final String OWN = "parley";

    private static final int COLORS = 8;

    /** All phases in their order, and in each of them the gateway itself first: what others are compared with. */
    static Map<String, List<Column>> byPlace(List<Source> sources) {
        Map<String, Integer> times = new LinkedHashMap<>();
        results(sources).forEach(result -> times.merge(result.name(), 1, Integer::sum));
        Map<String, Integer> colors = new LinkedHashMap<>();
        results(sources).stream().filter(Column::isOwn).findFirst().ifPresent(own -> colors.put(OWN, 0));
        Map<String, List<Column>> byPlace = new LinkedHashMap<>();
        for (Source source : sources) {
            for (Result result : source.results().results()) {
                boolean unique = times.getOrDefault(result.name(), 0) == 1;
                String label = unique ? result.system() : result.system() + " · " + source.name();
                int next = colors.size();
                int color = colors.computeIfAbsent(label, name -> next) % COLORS;
                byPlace.computeIfAbsent(result.place(), place -> new ArrayList<>())
                        .add(new Column(label, color, result));
            }
        }
        byPlace.values()
                .forEach(columns -> columns.sort(Comparator.comparing((Column column) -> !isOwn(column.result()))));
        return byPlace;
    }

    private static List<Result> results(List<Source> sources) {
        return sources.stream()
                .flatMap(source -> source.results().results().stream())
                .toList();
    }

    static boolean isOwn(Result result) {
        return result.system().equals(OWN);
    }
}
