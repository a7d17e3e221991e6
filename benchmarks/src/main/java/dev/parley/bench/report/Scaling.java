package dev.parley.bench.report;

import dev.parley.bench.report.Line.Point;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Phases that differ in one number, such as {@code conversations-100} and {@code conversations-1000}.
 *
 * @param stem the name without the number, with the scenario's
 * @param byNumber the systems that were measured there
 */
record Scaling(String stem, TreeMap<Double, List<Column>> byNumber) {

    private static final Pattern NUMBERED = Pattern.compile("(.+)-(\\d{1,9})");

    private static final List<String> FIGURES = List.of(
            "gateway_cpu_us_per_delivery",
            "gateway_cpu_us_per_event",
            "latency_p99_ms",
            "deliveries_per_s",
            "gateway_rss_mib");

    /** Those that have at least two numbers. */
    static List<Scaling> of(Map<String, List<Column>> byPlace) {
        Map<String, Scaling> byStem = new LinkedHashMap<>();
        byPlace.forEach((place, columns) -> {
            Matcher numbered = NUMBERED.matcher(place);
            if (numbered.matches() && Double.parseDouble(numbered.group(2)) > 0) {
                byStem.computeIfAbsent(numbered.group(1), stem -> new Scaling(stem, new TreeMap<>()))
                        .byNumber()
                        .put(Double.parseDouble(numbered.group(2)), columns);
            }
        });
        return byStem.values().stream()
                .filter(scaling -> scaling.byNumber().size() > 1)
                .toList();
    }

    /** What the number counts: {@code conversations}. */
    String counted() {
        return stem.substring(stem.indexOf('/') + 1);
    }

    Tag section() {
        return Tag.of("section")
                .with("id", stem)
                .add(
                        Tag.of("h2")
                                .text(stem + " ")
                                .add(Tag.of("small")
                                        .text(Numbers.tick(byNumber.firstKey()) + " to "
                                                + Numbers.tick(byNumber.lastKey()))),
                        Tag.of("div", "charts")
                                .add(FIGURES.stream()
                                        .map(this::lines)
                                        .filter(chart -> !chart.lines().isEmpty())
                                        .map(LineChart::figure)
                                        .toList()));
    }

    private LineChart lines(String figure) {
        Map<String, Line> lines = new LinkedHashMap<>();
        double[] largest = {0};
        byNumber.forEach((number, columns) -> {
            for (Column column : columns) {
                double value = column.result().median(figure);
                if (Double.isFinite(value)) {
                    lines.computeIfAbsent(column.label(), label -> new Line(label, column.color(), new ArrayList<>()))
                            .points()
                            .add(new Point(number, value));
                    largest[0] = Math.max(largest[0], value);
                }
            }
        });
        return new LineChart(
                Figures.title(figure),
                counted(),
                Scale.logOf(byNumber.keySet()),
                Scale.upTo(largest[0]),
                List.copyOf(lines.values()));
    }
}
