package dev.parley.bench.report;

import dev.parley.bench.result.Result;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One phase of a scenario, on all systems that it was measured on. */
record PhaseSection(String place, List<Column> columns) {

    boolean valid() {
        return columns.stream().allMatch(column -> column.result().valid());
    }

    /** The phase in one line. */
    Tag glance() {
        Result first = columns.get(0).result();
        Tag facts = Tag.of("span", "facts");
        Figures.headline(first.summary().keySet())
                .forEach((figure, text) -> facts.add(Tag.of("span")
                        .add(Tag.of("b").text(Numbers.text(first.median(figure))))
                        .text(" " + text)));
        Tag item = Tag.of("li").add(Tag.of("a").with("href", "#" + place).text(place));
        if (!valid()) {
            item.add(Tag.of("strong", "bad").text("⚠ has problems"));
        }
        return item.add(facts);
    }

    Tag section() {
        Tag section = Tag.of("section").with("id", place);
        section.add(Tag.of("h2").text(place + " ").add(Tag.of("small").text(roundsText())));
        for (Column column : columns) {
            if (!column.result().valid()) {
                section.add(problems(column));
            }
        }
        return section.add(settings())
                .add(Tag.of("div", "charts")
                        .add(Tag.of("div", columns.size() == 1 ? "figures beside" : "figures")
                                .add(new Summary(columns).tags()))
                        .add(new Plots(columns).figures()));
    }

    private String roundsText() {
        int rounds =
                columns.stream().mapToInt(c -> c.result().rounds().size()).max().orElse(0);
        return rounds == 1 ? "one round" : "medians of " + rounds + " rounds";
    }

    private static Tag problems(Column column) {
        Tag list = Tag.of("ul");
        column.result().problems().forEach(problem -> list.add(Tag.of("li").text(problem)));
        return Tag.of("div", "problems")
                .with("role", "alert")
                .add(Tag.of("strong").text("⚠ " + column.label() + " does not count"), list);
    }

    /** One line of settings when all systems had the same, else one for each kind. */
    private Tag settings() {
        Map<Map<String, String>, Tag> names = new LinkedHashMap<>();
        for (Column column : columns) {
            names.computeIfAbsent(column.result().settings(), settings -> Tag.of("p", "settings"));
        }
        Tag block = Tag.of("div");
        names.forEach((settings, line) -> {
            if (names.size() > 1) {
                List<String> which = columns.stream()
                        .filter(column -> column.result().settings().equals(settings))
                        .map(Column::label)
                        .toList();
                line.add(Tag.of("strong").text(String.join(", ", which)));
            }
            settings.forEach((key, value) -> line.add(setting(key, value)));
            block.add(line);
        });
        Tag versions = Tag.of("p", "settings");
        Map<String, String> all = new LinkedHashMap<>();
        columns.forEach(column -> all.putAll(column.result().versions()));
        all.forEach((name, version) -> versions.add(setting(name, version)));
        return all.isEmpty() ? block : block.add(versions);
    }

    private static Tag setting(String key, String value) {
        String text = value.startsWith("PT") ? value.substring(2).replace("S", " s") : value;
        return Tag.of("span")
                .text(key + " ")
                .add(Tag.of("b").text(text.endsWith(".0") ? text.replace(".0", "") : text));
    }
}
