package dev.parley.bench.report;

import dev.parley.bench.result.Machine;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Files of results as one HTML page that needs nothing but itself. */
public record Page(List<Source> sources) {

    public String html() {
        Map<String, List<Column>> byPlace = Column.byPlace(sources);
        List<PhaseSection> phases = byPlace.entrySet().stream()
                .map(phase -> new PhaseSection(phase.getKey(), phase.getValue()))
                .toList();
        Tag head = Tag.of("head")
                .add(
                        Tag.of("meta").with("charset", "utf-8"),
                        Tag.of("meta").with("name", "viewport").with("content", "width=device-width, initial-scale=1"),
                        Tag.of("meta").with("name", "color-scheme").with("content", "light dark"),
                        Tag.of("title").text("Parley: results"),
                        Tag.of("style").style(css()));
        Tag main = Tag.of("main")
                .add(header(phases))
                .add(Scaling.of(byPlace).stream().map(Scaling::section).toList())
                .add(phases.stream().map(PhaseSection::section).toList());
        return "<!doctype html>\n"
                + Tag.of("html").with("lang", "en").add(head, Tag.of("body").add(main)) + "\n";
    }

    private Tag header(List<PhaseSection> phases) {
        Tag header = Tag.of("header").add(Tag.of("h1").text("Results"));
        Map<Machine, Tag> machines = new LinkedHashMap<>();
        for (Source source : sources) {
            machines.computeIfAbsent(source.results().machine(), machine -> Tag.of("ul", "runs"))
                    .add(run(source));
        }
        machines.forEach((machine, runs) -> header.add(Tag.of("p", "machine").text(text(machine)), runs));
        long bad = phases.stream().filter(phase -> !phase.valid()).count();
        if (bad > 0) {
            header.add(Tag.of("p", "problems")
                    .with("role", "alert")
                    .add(Tag.of("strong").text("⚠ " + bad + " of " + phases.size() + " phases have problems")));
        }
        return header.add(Tag.of("nav")
                .add(Tag.of("ol", "glance")
                        .add(phases.stream().map(PhaseSection::glance).toList())));
    }

    private static Tag run(Source source) {
        return Tag.of("li")
                .add(
                        Tag.of("time")
                                .text(source.results().at().replace('T', ' ').replace("Z", " UTC")),
                        Tag.of("code").text("bench " + source.results().command()));
    }

    private static String text(Machine machine) {
        return "%s, %d cores, %s GiB memory · %s · Java %s"
                .formatted(
                        machine.cpu(),
                        machine.cores(),
                        Numbers.text(machine.memoryMiB() / 1024.0),
                        machine.os(),
                        machine.java());
    }

    private static String css() {
        try (InputStream css = Objects.requireNonNull(Page.class.getResourceAsStream("report.css"))) {
            return new String(css.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
