package dev.parley.bench.report;

import dev.parley.bench.report.Line.Point;
import dev.parley.bench.result.Result;
import dev.parley.bench.result.Result.Spread;
import dev.parley.bench.result.Round;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What a phase's rounds look like: latencies by percentile, and everything over time. */
record Plots(List<Column> columns) {

    private static final String SECONDS = "seconds";

    /** From this ratio on between the largest and the least, small values are lost on an axis that is not logarithmic. */
    private static final double WIDE = 40;

    List<Tag> figures() {
        List<LineChart> charts = new ArrayList<>();
        percentiles(charts);
        overTime(charts, "Deliveries per second", "deliveries_per_s", false);
        latencies(charts);
        byRole(charts, "_cores", "CPU cores");
        byRole(charts, "_rss_mib", "memory, MiB");
        return charts.stream().map(LineChart::figure).toList();
    }

    /** The median of all rounds at each percentile. */
    private void percentiles(List<LineChart> charts) {
        List<Line> lines = new ArrayList<>();
        for (Column column : columns) {
            Map<Double, List<Double>> byPercentile = new TreeMap<>();
            for (Round round : column.result().rounds()) {
                round.percentiles().forEach((percentile, ms) -> {
                    if (ms > 0) {
                        byPercentile
                                .computeIfAbsent(Double.valueOf(percentile), p -> new ArrayList<>())
                                .add(ms);
                    }
                });
            }
            List<Point> points = new ArrayList<>();
            byPercentile.forEach((percentile, values) ->
                    points.add(new Point(percentile, Spread.of(values).median())));
            addLine(lines, new Line(column.label(), column.color(), points));
        }
        if (!lines.isEmpty()) {
            boolean replay = columns.stream()
                    .anyMatch(column -> column.result().summary().containsKey("replay_p50_ms"));
            Scale x = Scale.percentiles(points(lines).map(Point::x).toList());
            charts.add(new LineChart(
                    replay ? "Time to catch up by percentile, ms" : "Latency by percentile, ms",
                    "percentile",
                    x,
                    logScale(lines),
                    lines));
        }
    }

    private void overTime(List<LineChart> charts, String title, String figure, boolean mayBeLog) {
        List<Line> lines = new ArrayList<>();
        for (Column column : columns) {
            addLine(lines, new Line(column.label(), column.color(), series(column, figure)));
        }
        addChart(charts, title, mayBeLog, lines);
    }

    private void latencies(List<LineChart> charts) {
        if (columns.size() > 1) {
            overTime(charts, "Latency p50 over time, ms", "latency_p50_ms", true);
            overTime(charts, "Latency p99 over time, ms", "latency_p99_ms", true);
            return;
        }
        Column only = columns.get(0);
        List<Line> lines = new ArrayList<>();
        addLine(lines, new Line("p50", only.color(), series(only, "latency_p50_ms")));
        addLine(lines, new Line("p99", only.color(), true, series(only, "latency_p99_ms")));
        addChart(charts, "Latency over time, ms", true, lines);
    }

    /** One system: a chart with all of its roles. Several: a chart for each role. */
    private void byRole(List<LineChart> charts, String suffix, String what) {
        if (columns.size() > 1) {
            for (String role : roles(suffix)) {
                overTime(charts, upperFirst(role + " " + what), role + suffix, false);
            }
            return;
        }
        List<Line> lines = new ArrayList<>();
        for (String role : roles(suffix)) {
            // The gateway has its system's colour, the others what comes next.
            int color = role.equals("gateway") ? columns.get(0).color() : role.equals("redis") ? 1 : lines.size() + 2;
            addLine(lines, new Line(role, color, series(columns.get(0), role + suffix)));
        }
        addChart(charts, upperFirst(what), false, lines);
    }

    private List<String> roles(String suffix) {
        TreeSet<String> roles = new TreeSet<>(
                Comparator.comparing((String role) -> !role.equals("gateway")).thenComparing(role -> role));
        for (Column column : columns) {
            for (Round.Sample sample : typical(column.result()).series()) {
                sample.figures().keySet().stream()
                        .filter(figure -> figure.endsWith(suffix))
                        .map(figure -> figure.substring(0, figure.length() - suffix.length()))
                        .forEach(roles::add);
            }
        }
        return List.copyOf(roles);
    }

    private static List<Point> series(Column column, String figure) {
        List<Point> points = new ArrayList<>();
        for (Round.Sample sample : typical(column.result()).series()) {
            Double value = sample.figures().get(figure);
            if (value != null && Double.isFinite(value)) {
                points.add(new Point(sample.seconds(), value));
            }
        }
        return points;
    }

    /** The round whose first figure comes nearest to the median of all. */
    private static Round typical(Result result) {
        return result.rounds().stream()
                .min(Comparator.comparingDouble(round -> round.figures().entrySet().stream()
                        .findFirst()
                        .map(first -> Math.abs(first.getValue() - result.median(first.getKey())))
                        .orElse(Double.MAX_VALUE)))
                .orElseGet(Round::new);
    }

    private static void addChart(List<LineChart> charts, String title, boolean mayBeLog, List<Line> lines) {
        if (lines.isEmpty()) {
            return;
        }
        double end = points(lines).mapToDouble(Point::x).max().orElse(1);
        double largest = points(lines).mapToDouble(Point::y).max().orElse(1);
        double least = points(lines).mapToDouble(Point::y).min().orElse(0);
        Scale y = mayBeLog && least > 0 && largest / least > WIDE ? logScale(lines) : Scale.upTo(largest);
        charts.add(new LineChart(title, SECONDS, Scale.until(end), y, lines));
    }

    private static Scale logScale(List<Line> lines) {
        return Scale.log(
                points(lines).mapToDouble(Point::y).min().orElse(1),
                points(lines).mapToDouble(Point::y).max().orElse(1));
    }

    private static void addLine(List<Line> lines, Line line) {
        if (!line.points().isEmpty()) {
            lines.add(line);
        }
    }

    private static Stream<Point> points(List<Line> lines) {
        return lines.stream().flatMap(line -> line.points().stream());
    }

    private static String upperFirst(String text) {
        return Character.toUpperCase(text.charAt(0)) + text.substring(1);
    }
}
