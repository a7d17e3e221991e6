package dev.parley.bench;

import dev.parley.bench.report.BarChart;
import dev.parley.bench.report.Page;
import dev.parley.bench.report.ScalingChart;
import dev.parley.bench.report.Source;
import dev.parley.bench.result.Results;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bench report}. */
@Command(
        name = "report",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Makes a page of results, to be looked at in a browser, or a drawing.")
final class ReportCommand implements Callable<Integer> {

    private static final Path PAGE = Path.of("report.html");

    @Parameters(arity = "1..*", paramLabel = "FILE", description = "results")
    List<Path> files = List.of();

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "where the page goes (default: report.html, or none when there is a drawing)")
    @Nullable
    Path out;

    @ArgGroup(exclusive = false)
    @Nullable
    Bars bars;

    @Option(
            names = "--scaling",
            paramLabel = "FILE.svg",
            description = "draw what growth costs the gateway: of phases that differ in one number, as those of scale")
    @Nullable
    Path scaling;

    @Spec
    CommandSpec spec;

    /** What is drawn. */
    static final class Bars {

        @Option(
                names = "--bars",
                required = true,
                paramLabel = "FILE.svg",
                description = "draw one figure of all systems")
        Path file = Path.of("");

        @Option(names = "--scenario", required = true, paramLabel = "SCENARIO/PHASE", description = "of this phase")
        String place = "";

        @Option(names = "--figure", required = true, paramLabel = "NAME", description = "this one, as the file has it")
        String figure = "";
    }

    @Override
    public Integer call() throws Exception {
        List<Source> sources = new ArrayList<>();
        for (Path file : files) {
            String name = file.getFileName().toString();
            sources.add(new Source(
                    name.endsWith(".json") ? name.substring(0, name.length() - 5) : name, Results.read(file)));
        }
        if (bars != null) {
            write(bars.file, BarChart.of(sources, bars.place, bars.figure).svg());
        }
        if (scaling != null) {
            write(scaling, ScalingChart.of(sources).svg());
        }
        if (out != null || (bars == null && scaling == null)) {
            write(out == null ? PAGE : out, new Page(sources).html());
        }
        return 0;
    }

    private void write(Path file, String text) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory != null) {
            Files.createDirectories(directory);
        }
        Files.writeString(file, text);
        new Terminal(spec.commandLine().getErr()).say("written to " + file);
    }
}
