package dev.parley.bench.report;

import dev.parley.bench.report.Line.Point;
import dev.parley.bench.result.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How figures of the gateway grow with what is there, as a drawing that stands by itself: a row for each figure, a field for each
 * thing that grows. The fields of a row have one scale, so that they can be compared.
 */
public record ScalingChart(List<Row> rows) {

    private static final List<String> FIGURES =
            List.of("gateway_cpu_us_per_delivery", "latency_p50_ms", "latency_p99_ms");

    private static final double TOP = 76;
    private static final double ROW = 184;
    private static final double NAME = 30;
    private static final double HEIGHT = 106;
    private static final double AXIS = 46;
    private static final double GAP = 22;

    /** Free at both ends of a field, so that figures at the first and last point have room. */
    private static final double INSET = 26;

    private static final String STYLE = """
            .name { font-weight: 600 }
            .small { font-size: 12px }
            .middle { text-anchor: middle }
            .end { text-anchor: end }
            .grid { stroke: #dcdcd5 }
            .line { fill: none; stroke: #3f5fd0; stroke-width: 2.5 }
            .dot { fill: #3f5fd0 }
            .invalid { opacity: .45 }
            @media (prefers-color-scheme: dark) {
              .grid { stroke: #343944 }
              .line { stroke: #8fa8ff }
              .dot { fill: #8fa8ff }
            }
            """;

    /** One figure in all fields. */
    public record Row(String figure, List<Field> fields) {

        private double largest() {
            return fields.stream()
                    .flatMap(field -> field.points().stream())
                    .mapToDouble(Point::y)
                    .max()
                    .orElse(1);
        }
    }

    /**
     * One figure over one thing that grows.
     *
     * @param counted what the points' x counts
     * @param valid whether all of its phases count
     */
    public record Field(String counted, List<Point> points, boolean valid) {}

    /** @throws IllegalArgumentException when no two phases of the gateway differ in one number only */
    public static ScalingChart of(List<Source> sources) {
        List<Scaling> scalings = Scaling.of(Column.byPlace(sources));
        List<Row> rows = new ArrayList<>();
        for (String figure : FIGURES) {
            List<Field> fields = scalings.stream()
                    .map(scaling -> field(scaling, figure))
                    .filter(field -> field.points().size() > 1)
                    .toList();
            if (!fields.isEmpty()) {
                rows.add(new Row(figure, fields));
            }
        }
        if (rows.isEmpty()) {
            throw new IllegalArgumentException(
                    "there is nothing that grows among the results: phases such as conversations-100 and conversations-1000");
        }
        return new ScalingChart(rows);
    }

    private static Field field(Scaling scaling, String figure) {
        Map<Double, Result> own = new TreeMap<>();
        scaling.byNumber()
                .forEach((number, columns) -> columns.stream()
                        .map(Column::result)
                        .filter(Column::isOwn)
                        .filter(result -> Double.isFinite(result.median(figure)))
                        .findFirst()
                        .ifPresent(result -> own.put(number, result)));
        List<Point> points = own.entrySet().stream()
                .map(one -> new Point(one.getKey(), one.getValue().median(figure)))
                .toList();
        return new Field(scaling.counted(), points, own.values().stream().allMatch(Result::valid));
    }

    /** A whole SVG file. */
    public String svg() {
        boolean valid = rows.stream().flatMap(row -> row.fields().stream()).allMatch(Field::valid);
        double height = TOP + rows.size() * ROW + (valid ? 0 : 24);
        Tag svg = Sheet.of("What growth costs", "medians · less is better, flat is best", height, STYLE);
        for (int i = 0; i < rows.size(); i++) {
            svg.add(draw(rows.get(i), TOP + i * ROW));
        }
        if (!valid) {
            svg.add(Sheet.text("muted", Sheet.MARGIN, height - 16, "* with problems: it does not count"));
        }
        return svg + "\n";
    }

    private static Tag draw(Row row, double top) {
        Scale y = Scale.upTo(row.largest());
        Tag drawn = Tag.of("g").add(Sheet.text("name", Sheet.MARGIN, top + 12, Figures.title(row.figure())));
        for (Scale.Tick tick : y.ticks()) {
            drawn.add(
                    Sheet.text("muted small end", Sheet.MARGIN + AXIS - 8, y(y, tick.value(), top) + 4, tick.label()));
        }
        double width =
                (Sheet.WIDTH - 2 * Sheet.MARGIN - AXIS - GAP * (row.fields().size() - 1))
                        / row.fields().size();
        for (int i = 0; i < row.fields().size(); i++) {
            drawn.add(draw(row.fields().get(i), y, Sheet.MARGIN + AXIS + i * (width + GAP), width, top));
        }
        return drawn;
    }

    private static Tag draw(Field field, Scale y, double left, double width, double top) {
        Tag drawn = Tag.of("g", field.valid() ? "field" : "field invalid");
        for (Scale.Tick tick : y.ticks()) {
            double at = y(y, tick.value(), top);
            drawn.add(Tag.of("line", "grid")
                    .with("x1", left)
                    .with("x2", left + width)
                    .with("y1", at)
                    .with("y2", at));
        }
        Scale x = Scale.logOf(field.points().stream().map(Point::x).toList());
        StringBuilder path = new StringBuilder();
        Tag dots = Tag.of("g");
        double bottom = top + NAME + HEIGHT;
        for (Point point : field.points()) {
            double atX = left + INSET + x.at(point.x()) * (width - 2 * INSET);
            double atY = y(y, point.y(), top);
            path.append(Numbers.coordinate(atX))
                    .append(',')
                    .append(Numbers.coordinate(atY))
                    .append(' ');
            dots.add(
                    Tag.of("circle", "dot").with("cx", atX).with("cy", atY).with("r", 3.5),
                    Sheet.text("small middle", atX, atY - 9, Numbers.text(point.y())),
                    Sheet.text("muted small middle", atX, bottom + 17, Numbers.tick(point.x())));
        }
        return drawn.add(
                Tag.of("polyline", "line").with("points", path.toString().strip()),
                dots,
                Sheet.text(
                        "muted small middle",
                        left + width / 2,
                        bottom + 34,
                        field.counted() + (field.valid() ? "" : " *")));
    }

    private static double y(Scale scale, double value, double top) {
        return top + NAME + HEIGHT - scale.at(value) * HEIGHT;
    }
}
