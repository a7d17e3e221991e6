package dev.parley.bench.report;

/** What a drawing that is a file of its own is drawn on. Its colours are its own: where it is shown, a page's style does not reach it. */
final class Sheet {

    static final double WIDTH = 720;
    static final double MARGIN = 24;

    private static final String STYLE = """
            text { font: 14px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1e2126 }
            .ground { fill: #f6f6f3; stroke: #e2e2dc }
            .title { font-size: 17px; font-weight: 600 }
            .muted { font-size: 13px; fill: #60666f }
            @media (prefers-color-scheme: dark) {
              text { fill: #e7e8eb }
              .ground { fill: #1d2026; stroke: #2d313a }
              .muted { fill: #9ba1ac }
            }
            """;

    private Sheet() {}

    /** @param style of what will be drawn on it */
    static Tag of(String title, String subtitle, double height, String style) {
        return Tag.of("svg")
                .with("xmlns", "http://www.w3.org/2000/svg")
                .with("width", WIDTH)
                .with("height", height)
                .with("viewBox", "0 0 " + Numbers.coordinate(WIDTH) + " " + Numbers.coordinate(height))
                .with("role", "img")
                .with("aria-label", title + ", " + subtitle)
                .add(Tag.of("style").style(STYLE + style))
                .add(Tag.of("rect", "ground")
                        .with("x", 0.5)
                        .with("y", 0.5)
                        .with("width", WIDTH - 1)
                        .with("height", height - 1)
                        .with("rx", 10))
                .add(text("title", MARGIN, 34, title), text("muted", MARGIN, 56, subtitle));
    }

    static Tag text(String styleClass, double x, double y, String text) {
        return Tag.of("text", styleClass).with("x", x).with("y", y).text(text);
    }
}
