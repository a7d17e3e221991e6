package dev.parley.postgres;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.parley.support.Directories;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real PostgreSQL beside this JVM, for the demo: on the loopback address, in a temporary directory that goes when it goes. A small shell
 * beside it holds a pipe to the JVM and ends it when the pipe breaks, so it does not outlive a JVM that is killed.
 *
 * <p>Its binaries are not on the class path of {@code parley serve}. Thread-safe.
 */
public final class EmbeddedPostgres implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedPostgres.class);

    /** $0 is the directory. Any line that the JVM writes calls the watch off; the end of the pipe is the JVM's. */
    private static final String WATCH = """
            read -r off || { kill -QUIT "$(head -n 1 "$0/data/postmaster.pid")"; sleep 1; rm -rf "$0"; }
            """;

    private static final Duration LOOK = Duration.ofMillis(20);

    private final int port;
    private final Path directory;
    private final CompletableFuture<Runnable> starting;
    private volatile boolean closing;

    private EmbeddedPostgres(int port, Path directory) {
        this.port = port;
        this.directory = directory;
        this.starting =
                CompletableFuture.supplyAsync(this::launch, work -> new Thread(work, "postgres-starts").start());
    }

    /** Whether its library is there: {@code bin/parley} has it for the demo only. */
    public static boolean available() {
        return ClassLoader.getSystemResource("io/zonky/test/db/postgres/embedded/EmbeddedPostgres.class") != null;
    }

    /** Starts one on a free port and returns at once: it takes connections some seconds later. Should it not start, the log says why. */
    public static EmbeddedPostgres start() {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return new EmbeddedPostgres(free.getLocalPort(), Files.createTempDirectory("parley-postgres-"));
        } catch (IOException e) {
            throw new IllegalStateException("there is no free port, or no room, for the embedded PostgreSQL", e);
        }
    }

    public String url() {
        return "postgresql://127.0.0.1:" + port + "/" + user();
    }

    /** Who logs in, without a password. */
    public String user() {
        return "postgres";
    }

    /** Returns what ends it. */
    private Runnable launch() {
        try {
            Process watch = new ProcessBuilder("sh", "-c", WATCH, directory.toString())
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            // Where the library unpacks to, and makes a directory in any case: not beside the others' temporary files.
            System.setProperty(
                    "ot.epg.working-dir", directory.resolve("binaries").toString());
            var server = io.zonky.test.db.postgres.embedded.EmbeddedPostgres.builder()
                    .setDataDirectory(directory.resolve("data"))
                    .setCleanDataDirectory(false)
                    .setPort(port)
                    .setRegisterShutdownHook(false)
                    .setServerConfig("fsync", "off")
                    .setOutputRedirector(ProcessBuilder.Redirect.DISCARD)
                    .setErrorRedirector(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return () -> {
                try (OutputStream pipe = watch.getOutputStream()) {
                    pipe.write("off\n".getBytes(US_ASCII));
                    server.close();
                } catch (IOException e) {
                    LOG.warn("The embedded PostgreSQL on port {} did not end in order", port, e);
                }
                Directories.delete(directory);
            };
        } catch (IOException | RuntimeException e) {
            if (closing) {
                LOG.debug("The embedded PostgreSQL was ended before it had started", e);
            } else {
                LOG.warn("The embedded PostgreSQL does not start, so nothing outlives this Redis: {}", e.toString());
            }
            throw new CompletionException(e);
        }
    }

    /** Does something when it takes connections, on a thread of its own; never, should it not start. */
    public void whenUp(Runnable then) {
        var unused = starting.thenRun(then);
    }

    /** Blocks until it has ended. Its start, which takes seconds, is not waited for. */
    @Override
    public void close() {
        closing = true;
        while (!starting.isDone()) {
            kill();
            var unused = starting.handle((end, e) -> end)
                    .completeOnTimeout(null, LOOK.toMillis(), MILLISECONDS)
                    .join();
        }
        starting.handle((end, e) -> end)
                .thenAccept(end -> {
                    if (end != null) {
                        end.run();
                    } else {
                        kill();
                        Directories.delete(directory);
                    }
                })
                .join();
    }

    /** Whatever has to do with its directory, which is nobody else's: what makes the database, the server itself, the watch. */
    private void kill() {
        ProcessHandle.allProcesses()
                .filter(process -> process.info().commandLine().orElse("").contains(directory.toString()))
                .forEach(ProcessHandle::destroyForcibly);
    }
}
