package dev.parley.bench.report;

import java.util.List;

/**
 * A line of a chart.
 *
 * @param color its number among the page's colours
 */
record Line(String name, int color, boolean dashed, List<Point> points) {

    record Point(double x, double y) {}

    Line(String name, int color, List<Point> points) {
        this(name, color, false, points);
    }
}
