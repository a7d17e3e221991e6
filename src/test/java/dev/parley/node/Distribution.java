package dev.parley.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.support.Patience;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** What was built, as a person runs it: {@code bin/parley} in a process of its own. */
public final class Distribution implements AutoCloseable {

    static final Path HOME = Path.of(System.getProperty("parley.distribution", "target/parley"));
    private static final long PATIENCE_SECONDS = 60;

    private final Process process;
    private final List<String> out = Collections.synchronizedList(new ArrayList<>());
    private final List<String> err = Collections.synchronizedList(new ArrayList<>());
    private final List<Thread> readers;

    private Distribution(Process process) {
        this.process = process;
        this.readers = List.of(reader(process.inputReader(UTF_8), out), reader(process.errorReader(UTF_8), err));
    }

    /** @param temporary where it puts what it needs while it runs */
    public static Distribution start(Path temporary, Map<String, String> environment, String... arguments) {
        List<String> command =
                new ArrayList<>(List.of(HOME.resolve("bin/parley").toString()));
        command.addAll(List.of(arguments));
        return start(temporary, environment, command);
    }

    /** @param command that starts {@code bin/parley} in the end */
    static Distribution start(Path temporary, Map<String, String> environment, List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().removeIf(name -> name.startsWith("PARLEY_"));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("PARLEY_JAVA_OPTS", "-Djava.io.tmpdir=" + temporary);
        builder.environment().putAll(environment);
        try {
            return new Distribution(builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Thread reader(BufferedReader from, List<String> to) {
        Thread thread = new Thread(() -> from.lines().forEach(to::add), "output");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** The exit code, once it has ended and all that it printed is here. */
    public int exit() {
        return exitWithin(PATIENCE_SECONDS);
    }

    /** @param seconds of a quiet machine */
    public int exitWithin(long seconds) {
        try {
            Duration limit = Patience.ofSeconds(seconds);
            assertThat(process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS))
                    .as("%s to end within %s; it said %s", process.info().command(), limit, err)
                    .isTrue();
            for (Thread reader : readers) {
                reader.join();
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    public List<String> out() {
        return List.copyOf(out);
    }

    public List<String> err() {
        return List.copyOf(err);
    }

    /** The first line on stderr with this in it. */
    public String await(String text) throws TimeoutException, InterruptedException {
        long began = System.nanoTime();
        while (System.nanoTime() - began < Patience.ofSeconds(PATIENCE_SECONDS).toNanos()) {
            for (String line : err()) {
                if (line.contains(text)) {
                    return line;
                }
            }
            assertThat(process.isAlive()).as("it ended: %s", err()).isTrue();
            Thread.sleep(20);
        }
        throw new TimeoutException("no line with " + text + " in " + err());
    }

    /** @param name such as TERM */
    public void signal(String name) throws IOException, InterruptedException {
        kill("kill -" + name + " " + process.pid());
    }

    /** To all processes of its group; it must have been started by {@code setsid}. */
    void signalGroup(String name) throws IOException, InterruptedException {
        kill("kill -" + name + " -" + process.pid());
    }

    private static void kill(String command) throws IOException, InterruptedException {
        int exit = new ProcessBuilder("sh", "-c", command).inheritIO().start().waitFor();
        assertThat(exit).isZero();
    }

    /** The processes that it has started, and theirs. */
    public List<ProcessHandle> descendants() {
        return process.descendants().toList();
    }

    @Override
    public void close() {
        descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
