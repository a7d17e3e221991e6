package dev.parley.bench.subject;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** What programs say of themselves. */
final class Asked {

    private static final long PATIENCE_SECONDS = 10;

    private Asked() {}

    /** What a program says, on whichever of its outputs; empty when it is not there or ends with an error. Blocks. */
    static Optional<String> of(Path directory, List<String> command) {
        try {
            Process asked = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .start();
            asked.getOutputStream().close();
            // A few lines: they fit into the pipe, so it ends before they are read.
            if (!asked.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                asked.destroyForcibly();
                return Optional.empty();
            }
            String said = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return asked.exitValue() == 0 ? Optional.of(said) : Optional.empty();
        } catch (IOException notThere) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    static Optional<String> of(String... command) {
        return of(Path.of("."), List.of(command));
    }
}
