package dev.parley.bench;

import dev.parley.bench.result.Result;
import dev.parley.bench.scenario.Progress;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What is said on the terminal. */
record Terminal(PrintWriter out) implements Progress {

    /** Whether more is better. */
    private static final Map<String, Boolean> RATIOS = new LinkedHashMap<>();

    static {
        RATIOS.put("deliveries_per_s", true);
        RATIOS.put("deliveries_per_gateway_cpu_s", true);
        RATIOS.put("server_cpu_us_per_delivery", false);
        RATIOS.put("latency_p50_ms", false);
        RATIOS.put("latency_p99_ms", false);
    }

    @Override
    public void say(String line) {
        out.println("  " + line);
        out.flush();
    }

    void title(String title) {
        out.println(title);
        out.flush();
    }

    /** The figures that are compared between systems, and how many times better Parley is. */
    void ratios(List<Result> systems) {
        Result parley = systems.get(0);
        out.printf(Locale.ROOT, "%n%-20s", parley.scenario() + "/" + parley.phase());
        RATIOS.keySet().forEach(figure -> out.printf("%30s", figure));
        out.println();
        for (Result system : systems) {
            out.printf("%-20s", system.system());
            RATIOS.forEach((figure, more) -> {
                double own = parley.median(figure);
                double theirs = system.median(figure);
                out.printf(Locale.ROOT, "%,21.2f (%5.2fx)", theirs, more ? own / theirs : theirs / own);
            });
            out.println();
            system.problems().forEach(problem -> out.println("  ! " + problem));
        }
        out.println("(x: how many times better " + parley.system() + " is)");
        out.flush();
    }

    void print(Result result) {
        out.println(result.name());
        result.summary()
                .forEach((name, spread) -> out.printf(
                        Locale.ROOT,
                        "  %-36s %,14.3f   (%,.3f … %,.3f)%n",
                        name,
                        spread.median(),
                        spread.min(),
                        spread.max()));
        result.problems().forEach(problem -> out.println("  ! " + problem));
        out.flush();
    }
}
