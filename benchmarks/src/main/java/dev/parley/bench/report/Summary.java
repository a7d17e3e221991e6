package dev.parley.bench.report;

import dev.parley.bench.result.Better;
import dev.parley.bench.result.Difference;
import dev.parley.bench.result.Difference.Verdict;
import dev.parley.bench.result.Result.Spread;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A phase's figures, a column for each system; the first system is what the others are compared with. */
record Summary(List<Column> columns) {

    List<Tag> tags() {
        Set<String> figures = new LinkedHashSet<>();
        columns.forEach(column -> figures.addAll(column.result().summary().keySet()));
        List<String> main =
                figures.stream().filter(figure -> !Figures.isDetail(figure)).toList();
        List<String> details = figures.stream().filter(Figures::isDetail).toList();
        if (details.isEmpty()) {
            return List.of(table(main));
        }
        Tag more = Tag.of("details").add(Tag.of("summary").text(details.size() + " more figures"), table(details));
        return main.isEmpty() ? List.of(more) : List.of(table(main), more);
    }

    private Tag table(List<String> figures) {
        Tag head = Tag.of("tr").add(Tag.of("th"));
        for (Column column : columns) {
            head.add(Tag.of("th", "c" + column.color())
                    .add(Tag.of("i"))
                    .text((column.result().valid() ? "" : "⚠ ") + column.label()));
        }
        Tag body = Tag.of("tbody").add(figures.stream().map(this::row).toList());
        return Tag.of("div", "scroll").add(Tag.of("table").add(Tag.of("thead").add(head), body));
    }

    private Tag row(String figure) {
        return Tag.of("tr")
                .add(Tag.of("th").with("title", figure).text(Figures.label(figure)))
                .add(columns.stream().map(column -> cell(figure, column)).toList());
    }

    private Tag cell(String figure, Column column) {
        Spread spread = column.result().summary().get(figure);
        if (spread == null) {
            return Tag.of("td", "none").text("–");
        }
        Tag cell = Tag.of("td");
        Tag ratio = ratio(figure, spread, column);
        if (ratio != null) {
            cell.add(ratio);
        }
        cell.add(Tag.of("b").text(Numbers.text(spread.median())));
        if (column.result().rounds().size() > 1) {
            boolean wide = spread.min() < spread.max();
            cell.add(Tag.of("small").text(wide ? Numbers.text(spread.min()) + " … " + Numbers.text(spread.max()) : ""));
        }
        return cell;
    }

    private @Nullable Tag ratio(String figure, Spread spread, Column column) {
        Column base = columns.get(0);
        Spread own = base.result().summary().get(figure);
        if (column == base || own == null || own.median() == 0) {
            return null;
        }
        boolean paced = base.result().isPaced() && column.result().isPaced();
        Difference difference = new Difference(figure, own, spread, Better.of(figure, paced));
        Verdict verdict = difference.verdict();
        String styleClass = verdict == Verdict.BETTER || verdict == Verdict.WORSE
                ? "ratio " + verdict.name().toLowerCase(Locale.ROOT)
                : "ratio";
        return Tag.of("span", styleClass)
                .with("title", verdict == Verdict.WORSE ? "worse" : verdict.toString())
                .text(Numbers.ratio(difference.ratio()));
    }
}
