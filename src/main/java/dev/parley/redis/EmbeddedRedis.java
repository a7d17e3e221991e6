package dev.parley.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.parley.support.Directories;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real Redis server beside this JVM, for the demo and for tests: in memory only, on the loopback address, in a temporary directory of
 * its own (0700) that goes when it goes. It ends with the JVM, however that ends: a small shell beside it holds a pipe to the JVM, and
 * kills it when the pipe breaks. So a graceful stop of the gateway still has its Redis, which a shutdown hook would not promise.
 *
 * <p>Every method blocks: for {@code main} and tests, not for event loops. Thread-safe.
 */
public final class EmbeddedRedis implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedRedis.class);

    private static final int BIND_ATTEMPTS = 20;
    private static final int FIRST_PORT = 12_000;
    private static final int LAST_PORT = 22_000;
    private static final long GRACE_SECONDS = 5;

    /** $0 is the binary, $1 the directory, $2 a flag or nothing. Any line that the JVM writes calls the watch off; the end of the pipe is the JVM's. */
    private static final String WATCHED = """
            exec 3<&0
            (read -r off <&3 || { kill -KILL $$; rm -rf "$1"; }) >/dev/null 2>&1 &
            exec "$0" "$1/redis.conf" $2 3<&- </dev/null
            """;

    /** One start at a time: a process forked while another's binary is still being written would keep that file busy. */
    private static final Object STARTING = new Object();

    private final Path directory;
    private final int port;
    private final Process process;
    private final ServerOutput output;

    private EmbeddedRedis(Path directory, int port, Process process) {
        this.directory = directory;
        this.port = port;
        this.process = process;
        this.output = ServerOutput.of(process);
    }

    /** Starts a server on a free port and returns when it answers. */
    public static EmbeddedRedis start() {
        return start(0, List.of());
    }

    /**
     * Starts a server and returns when it answers.
     *
     * @param port 1 to 65535, or 0 for a free one between 12000 and 22000
     * @param settings lines of redis.conf, such as {@code requirepass secret} or {@code cluster-enabled yes}; the address, the port, the
     *     directory and where the log goes are not theirs to change
     * @throws UncheckedIOException when it does not start, with what it said; the port being taken is one such reason
     */
    public static EmbeddedRedis start(int port, List<String> settings) {
        return start(port, settings, "");
    }

    /** Starts a sentinel on a free port, with {@code sentinel} lines for its configuration. */
    static EmbeddedRedis startSentinel(List<String> settings) {
        return start(0, settings, "--sentinel");
    }

    private static EmbeddedRedis start(int port, List<String> settings, String flag) {
        try {
            IOException taken = new IOException("no attempt was made");
            for (int attempt = 0; attempt < (port == 0 ? BIND_ATTEMPTS : 1); attempt++) {
                try {
                    return launch(port == 0 ? somePort() : port, settings, flag);
                } catch (ServerOutput.PortTakenException e) {
                    taken = e;
                }
            }
            throw taken;
        } catch (IOException e) {
            throw new UncheckedIOException("the embedded Redis did not start: " + e.getMessage(), e);
        }
    }

    private static EmbeddedRedis launch(int port, List<String> settings, String flag) throws IOException {
        Path directory = Files.createTempDirectory("parley-redis-");
        try {
            EmbeddedRedis redis = new EmbeddedRedis(directory, port, spawn(directory, port, settings, flag));
            try {
                redis.output.awaitReady();
                LOG.debug("embedded Redis {} listens on port {}", redis.version(), port);
                return redis;
            } catch (IOException e) {
                redis.kill();
                throw e;
            }
        } catch (IOException e) {
            Directories.delete(directory);
            throw e;
        }
    }

    private static Process spawn(Path directory, int port, List<String> settings, String flag) throws IOException {
        Files.write(directory.resolve("redis.conf"), configuration(directory, port, settings));
        synchronized (STARTING) {
            Path binary = RedisBinary.unpack(directory);
            List<String> command =
                    new ArrayList<>(List.of("sh", "-c", WATCHED, binary.toString(), directory.toString(), flag));
            if (Files.isExecutable(Path.of("/usr/bin/setsid"))) {
                // Its own session: a Ctrl-C in the terminal is for the gateway, which still needs Redis to leave in
                // order.
                command.add(0, "/usr/bin/setsid");
            }
            return new ProcessBuilder(command).redirectErrorStream(true).start();
        }
    }

    /** Redis takes the last of several lines for one setting, so defaults come before the caller's, and what is fixed after them. */
    private static List<String> configuration(Path directory, int port, List<String> settings) {
        List<String> lines = new ArrayList<>(List.of("save \"\"", "appendonly no"));
        lines.addAll(settings);
        lines.addAll(List.of(
                "bind 127.0.0.1",
                "port " + port,
                "dir \"" + directory + "\"",
                "daemonize no",
                "logfile \"\"",
                "loglevel notice"));
        return lines;
    }

    /**
     * Below the ports that systems hand out to clients, and the cluster bus, 10000 above, too: who tries to reconnect while the server is
     * away must not be given the server's own port. It would be connected to itself; a cluster's node takes the other for renamed by
     * that, and never votes for its replica.
     */
    private static int somePort() {
        return ThreadLocalRandom.current().nextInt(FIRST_PORT, LAST_PORT + 1);
    }

    public String uri() {
        return "redis://127.0.0.1:" + port;
    }

    public int port() {
        return port;
    }

    /** As the binary states it, such as {@code 7.0.15}. */
    public String version() {
        return output.version();
    }

    public boolean running() {
        return process.isAlive();
    }

    /** Asks it to end (SIGTERM), kills it when it has not after 5 s, and deletes its directory. Once it is stopped nothing happens. */
    public void stop() {
        if (process.isAlive()) {
            resume();
        }
        end(process::destroy);
    }

    /** Kills it (SIGKILL), as a crash would, and deletes its directory. */
    public void kill() {
        end(process::destroyForcibly);
    }

    @Override
    public void close() {
        stop();
    }

    /** Stops it where it stands (SIGSTOP): connections stay open and nothing answers. */
    public void pause() {
        signal("STOP");
    }

    /** Lets it go on after {@link #pause()} (SIGCONT). */
    public void resume() {
        signal("CONT");
    }

    private void signal(String name) {
        try {
            int exit = new ProcessBuilder("sh", "-c", "kill -" + name + " " + process.pid())
                    .inheritIO()
                    .start()
                    .waitFor();
            if (exit != 0) {
                throw new IllegalStateException("the embedded Redis on port " + port + " does not run any more");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void end(Runnable signal) {
        callOffWatch();
        signal.run();
        try {
            if (!process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        Directories.delete(directory);
    }

    /** Before the process ends, so that the watching shell never kills whoever gets its process id next. */
    private void callOffWatch() {
        try (OutputStream watch = process.getOutputStream()) {
            watch.write("off\n".getBytes(US_ASCII));
        } catch (IOException e) {
            LOG.debug("the embedded Redis on port {} has gone by itself", port, e);
        }
    }
}
