package dev.parley.bench.subject;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A directory with all that is in it. */
public final class Tree {

    private Tree() {}

    /**
     * Deletes it as far as that goes: a process that is being ended may still write.
     *
     * @return whether it is gone
     */
    public static boolean delete(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException | UncheckedIOException changing) {
            // What is left is what the caller is told.
        }
        return !Files.exists(directory);
    }
}
