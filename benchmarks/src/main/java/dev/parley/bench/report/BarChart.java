package dev.parley.bench.report;

import dev.parley.bench.result.Better;
import dev.parley.bench.result.Result;
import dev.parley.bench.result.Result.Spread;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One figure of several systems as a drawing that stands by itself. */
public record BarChart(String title, String subtitle, List<Bar> bars) {

    private static final double NAMES = 150;
    private static final double VALUES = 92;
    private static final double TOP = 78;
    private static final double ROW = 38;
    private static final double THICKNESS = 24;
    private static final double LENGTH = Sheet.WIDTH - 2 * Sheet.MARGIN - NAMES - VALUES;

    private static final String STYLE = """
            .bar { fill: #b4b9c4 }
            .own .bar { fill: #3f5fd0 }
            .own text { font-weight: 600 }
            .invalid .bar { opacity: .45 }
            .range { stroke: #60666f; stroke-width: 1.5 }
            .own .range { stroke: #1c2f7a }
            @media (prefers-color-scheme: dark) {
              .bar { fill: #565c69 }
              .own .bar { fill: #8fa8ff }
              .range { stroke: #9ba1ac }
              .own .range { stroke: #e4eafc }
            }
            """;

    /** A system's figure. */
    public record Bar(String name, Spread value, boolean own, boolean valid) {}

    /**
     * Compares the systems of one phase, the best one on top.
     *
     * @param place scenario and phase: {@code tokens/pubsub-max}
     * @throws IllegalArgumentException when there is no such phase, or no system has this figure in it
     */
    public static BarChart of(List<Source> sources, String place, String figure) {
        Map<String, List<Column>> byPlace = Column.byPlace(sources);
        List<Column> columns = byPlace.get(place);
        if (columns == null) {
            throw new IllegalArgumentException(
                    "no " + place + " among the results; there are " + String.join(", ", byPlace.keySet()));
        }
        Better better = Better.of(figure, true);
        Comparator<Bar> ascending =
                Comparator.comparingDouble(bar -> bar.value().median());
        List<Bar> bars = columns.stream()
                .flatMap(column -> bar(column, figure).stream())
                .sorted(better == Better.LOWER ? ascending : ascending.reversed())
                .toList();
        if (bars.isEmpty()) {
            throw new IllegalArgumentException("no system has a figure '" + figure + "' in " + place + "; there are "
                    + String.join(", ", columns.get(0).result().summary().keySet()));
        }
        return new BarChart(Figures.title(figure), place + wish(better), bars);
    }

    private static Optional<Bar> bar(Column column, String figure) {
        Result result = column.result();
        return Optional.ofNullable(result.summary().get(figure))
                .filter(spread -> Double.isFinite(spread.median()))
                .map(spread -> new Bar(column.label(), spread, Column.isOwn(result), result.valid()));
    }

    private static String wish(Better better) {
        return switch (better) {
            case LOWER -> " · less is better";
            case HIGHER -> " · more is better";
            case NEITHER -> "";
        };
    }

    /** A whole SVG file. */
    public String svg() {
        double height = TOP + bars.size() * ROW + (bars.stream().allMatch(Bar::valid) ? 12 : 36);
        Tag svg = Sheet.of(title, subtitle, height, STYLE);
        double largest =
                bars.stream().mapToDouble(bar -> bar.value().max()).max().orElse(1);
        for (int i = 0; i < bars.size(); i++) {
            svg.add(draw(bars.get(i), TOP + i * ROW, largest > 0 ? LENGTH / largest : 0));
        }
        if (!bars.stream().allMatch(Bar::valid)) {
            svg.add(Sheet.text("muted", Sheet.MARGIN, height - 16, "* with problems: it does not count"));
        }
        return svg + "\n";
    }

    private static Tag draw(Bar bar, double top, double perUnit) {
        Spread value = bar.value();
        double left = Sheet.MARGIN + NAMES;
        double middle = top + THICKNESS / 2;
        Tag drawn = Tag.of("g", (bar.own() ? "own" : "other") + (bar.valid() ? "" : " invalid"))
                .add(Sheet.text("name", left - 12, middle + 5, bar.name() + (bar.valid() ? "" : " *"))
                        .with("text-anchor", "end"))
                .add(Tag.of("rect", "bar")
                        .with("x", left)
                        .with("y", top)
                        .with("width", Math.max(2, value.median() * perUnit))
                        .with("height", THICKNESS)
                        .with("rx", 3));
        if (value.min() < value.max()) {
            drawn.add(Tag.of("line", "range")
                    .with("x1", left + value.min() * perUnit)
                    .with("x2", left + value.max() * perUnit)
                    .with("y1", middle)
                    .with("y2", middle));
        }
        return drawn.add(
                Sheet.text("value", left + value.max() * perUnit + 10, middle + 5, Numbers.text(value.median())));
    }
}
