package dev.parley.bench.measure;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A JVM's pauses for collecting garbage, out of the log that {@code -Xlog:gc} writes. */
public record GcLog(Path file) {

    private static final Pattern PAUSE = Pattern.compile("\\bPause .* (\\d+[.,]\\d+)ms$");

    /** The flag that makes a JVM write it. */
    public String flag() {
        return "-Xlog:gc:file=" + file;
    }

    /** All pauses so far, in milliseconds. */
    public List<Double> pauses() {
        if (!Files.exists(file)) {
            return List.of();
        }
        try {
            return Files.readAllLines(file).stream()
                    .map(PAUSE::matcher)
                    .filter(Matcher::find)
                    .map(pause -> Double.parseDouble(pause.group(1).replace(',', '.')))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
