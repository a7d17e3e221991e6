package dev.parley.bench.report;

import dev.parley.bench.report.Line.Point;
import java.util.List;

/** Lines over an axis, with a legend when there are several. */
record LineChart(String title, String xTitle, Scale x, Scale y, List<Line> lines) {

    private static final double WIDTH = 440;
    private static final double HEIGHT = 250;
    private static final double LEFT = 46;
    private static final double RIGHT = WIDTH - 16;
    private static final double TOP = 12;
    private static final double BOTTOM = HEIGHT - 44;

    /** Up to so many points are drawn as points, too. */
    private static final int FEW = 14;

    Tag figure() {
        Tag svg = Tag.of("svg")
                .with("viewBox", "0 0 " + Numbers.coordinate(WIDTH) + " " + Numbers.coordinate(HEIGHT))
                .with("role", "img")
                .with("aria-label", title)
                .add(grid())
                .add(lines.stream().map(this::draw).toList());
        Tag figure = Tag.of("figure").add(Tag.of("figcaption").text(title));
        if (lines.size() > 1) {
            figure.add(legend());
        }
        return figure.add(svg);
    }

    private Tag grid() {
        Tag grid = Tag.of("g", "grid");
        for (Scale.Tick tick : y.ticks()) {
            double at = y(tick.value());
            grid.add(line(LEFT, at, RIGHT, at), label(LEFT - 7, at + 4, "end", tick.label()));
        }
        for (Scale.Tick tick : x.ticks()) {
            double at = x(tick.value());
            grid.add(line(at, BOTTOM, at, BOTTOM + 4), label(at, BOTTOM + 19, "middle", tick.label()));
        }
        return grid.add(
                line(LEFT, BOTTOM, RIGHT, BOTTOM).with("class", "axis"),
                label((LEFT + RIGHT) / 2, HEIGHT - 6, "middle", xTitle));
    }

    private Tag draw(Line line) {
        StringBuilder path = new StringBuilder();
        Tag dots = Tag.of("g");
        for (Point point : line.points()) {
            double atX = x(point.x());
            double atY = y(point.y());
            path.append(Numbers.coordinate(atX))
                    .append(',')
                    .append(Numbers.coordinate(atY))
                    .append(' ');
            dots.add(dot(atX, atY, line.points().size() <= FEW ? "dot" : "dot hidden")
                    .add(Tag.of("title").text(line.name() + ": " + Numbers.text(point.y()) + " at " + at(point))));
        }
        Tag drawn = Tag.of("g", "line c" + line.color() + (line.dashed() ? " dashed" : ""));
        return drawn.add(Tag.of("polyline").with("points", path.toString().strip()), dots);
    }

    private String at(Point point) {
        return xTitle + " " + (point.x() == Math.rint(point.x()) ? Numbers.tick(point.x()) : Numbers.text(point.x()));
    }

    private Tag legend() {
        Tag legend = Tag.of("p", "legend");
        for (Line line : lines) {
            legend.add(Tag.of("span", "c" + line.color())
                    .add(Tag.of("i", line.dashed() ? "dashed" : ""))
                    .text(line.name()));
        }
        return legend;
    }

    private double x(double value) {
        return LEFT + x.at(value) * (RIGHT - LEFT);
    }

    private double y(double value) {
        return BOTTOM - y.at(value) * (BOTTOM - TOP);
    }

    private static Tag dot(double x, double y, String styleClass) {
        return Tag.of("circle", styleClass).with("cx", x).with("cy", y).with("r", 3);
    }

    private static Tag line(double x1, double y1, double x2, double y2) {
        return Tag.of("line").with("x1", x1).with("y1", y1).with("x2", x2).with("y2", y2);
    }

    private static Tag label(double x, double y, String anchor, String text) {
        return Tag.of("text")
                .with("x", x)
                .with("y", y)
                .with("text-anchor", anchor)
                .text(text);
    }
}
