package dev.parley.bench;

import dev.parley.bench.result.Comparison;
import dev.parley.bench.result.Comparison.Pair;
import dev.parley.bench.result.Difference;
import dev.parley.bench.result.Difference.Verdict;
import dev.parley.bench.result.Result;
import dev.parley.bench.result.Results;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bench compare}. */
@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Says what changed between two files of results.",
            "A difference counts when the two ranges, from the least to the most of all rounds, do not touch."
        })
final class CompareCommand implements Callable<Integer> {

    private static final int FAILED = 3;

    @Parameters(index = "0", paramLabel = "A.json", description = "results, the earlier ones")
    Path before = Path.of("");

    @Parameters(index = "1", paramLabel = "B.json", description = "results, the later ones")
    Path after = Path.of("");

    @Option(
            names = "--fail-above",
            paramLabel = "1.10",
            converter = Allowed.Factor.class,
            description =
                    "exit with 3 when a figure clearly got worse by more than this factor, and when that cannot be said: a result does not count, or B lacks it or a figure")
    @Nullable
    Double failAbove;

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        Comparison comparison = Comparison.of(Results.read(before), Results.read(after));
        PrintWriter out = spec.commandLine().getOut();
        Map<Verdict, Integer> counts = new EnumMap<>(Verdict.class);
        for (Pair pair : comparison.pairs()) {
            print(out, pair);
            pair.differences().forEach(difference -> counts.merge(difference.verdict(), 1, Integer::sum));
        }
        comparison.onlyA().forEach(result -> out.println("only in " + before + ": " + result.name()));
        comparison.onlyB().forEach(result -> out.println("only in " + after + ": " + result.name()));
        out.println(
                comparison.pairs().isEmpty()
                        ? "the files have nothing in common"
                        : String.join(
                                ", ",
                                counts.entrySet().stream()
                                        .map(count -> count.getValue() + " " + count.getKey())
                                        .toList()));
        List<String> failures = failAbove == null ? List.of() : failures(comparison, failAbove);
        failures.forEach(failure -> out.println("! " + failure));
        out.flush();
        return failures.isEmpty() ? 0 : FAILED;
    }

    /** What got worse by more than that, and what nobody can say that of: it must not pass for as good as before. */
    private List<String> failures(Comparison comparison, double most) {
        List<String> failures = new ArrayList<>();
        comparison.onlyA().forEach(result -> failures.add(result.name() + ": is not in " + after));
        for (Pair pair : comparison.pairs()) {
            pair.a().problems().forEach(problem -> failures.add(pair.name() + ": A does not count: " + problem));
            pair.b().problems().forEach(problem -> failures.add(pair.name() + ": B does not count: " + problem));
            pair.lacking().forEach(figure -> failures.add(pair.name() + ": B lacks " + figure));
            for (Difference difference : pair.differences()) {
                if (difference.worseBy() > most) {
                    failures.add("%s: %s is worse by a factor of %s"
                            .formatted(pair.name(), difference.figure(), factor(difference.worseBy())));
                }
            }
        }
        return failures;
    }

    private static void print(PrintWriter out, Pair pair) {
        out.println(pair.name());
        if (!pair.hasRanges()) {
            out.println("  ! one round has no range: every difference looks clear; measure with --rounds 3 or more");
        }
        if (!pair.alike()) {
            out.println("  ! the settings are not the same: " + pair.a().settings() + " and "
                    + pair.b().settings());
        }
        problems(out, "A", pair.a());
        problems(out, "B", pair.b());
        out.printf(Locale.ROOT, "  %-36s %16s %16s %9s%n", "", "A", "B", "B/A");
        for (Difference difference : pair.differences()) {
            out.printf(
                    Locale.ROOT,
                    "  %-36s %,16.3f %,16.3f %9s  %s%n",
                    difference.figure(),
                    difference.a().median(),
                    difference.b().median(),
                    factor(difference.ratio()),
                    difference.verdict());
        }
        out.println();
    }

    private static void problems(PrintWriter out, String side, Result result) {
        result.problems().forEach(problem -> out.println("  ! " + side + " does not count: " + problem));
    }

    private static String factor(double factor) {
        return Double.isInfinite(factor) ? "∞" : String.format(Locale.ROOT, "%.3f", factor);
    }
}
