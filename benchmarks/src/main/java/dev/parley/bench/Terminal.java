package dev.parley.bench;

import dev.parley.bench.result.Result;
import dev.parley.bench.scenario.Progress;
import java.io.PrintWriter;
import java.util.Locale;

/** What is said on the terminal. */
record Terminal(PrintWriter out) implements Progress {

    @Override
    public void say(String line) {
        out.println("  " + line);
        out.flush();
    }

    void title(String title) {
        out.println(title);
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
