package dev.parley.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;

/** What the JDK can't send. */
final class Signals {

    private Signals() {}

    /** @param name such as STOP */
    static void send(String name, long pid) {
        try {
            int exit = new ProcessBuilder("sh", "-c", "kill -" + name + " " + pid)
                    .inheritIO()
                    .start()
                    .waitFor();
            if (exit != 0) {
                throw new IllegalStateException("process " + pid + " does not run any more");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
