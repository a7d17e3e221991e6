package dev.parley.postgres;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.parley.support.Directories;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real PostgreSQL beside this JVM, for the demo: on the loopback address, in a temporary directory that is deleted with it. A small shell
 * holds a pipe to the JVM and ends the server when the pipe breaks, so it does not outlive a killed JVM.
 *
 * <p>Its binaries are not on the class path of {@code parley serve}. Thread-safe.
 */
public final class EmbeddedPostgres implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedPostgres.class);

    /**
     * Any line from the JVM ends the watch; the end of the pipe means that the JVM has ended. The database may still be being created then,
     * so there are several rounds; SIGQUIT lets the server release its shared memory. A Ctrl-C in the terminal reaches the watch, too, and
     * must not end it.
     */
    private static final String WATCH = """
            trap '' INT TERM HUP
            read -r off && exit
            kill -QUIT "$(head -n 1 "$0/data/postmaster.pid")"
            for signal in QUIT KILL KILL; do
              for process in /proc/[0-9]*; do
                case $(readlink "$process/exe") in
                  "$0"/*) kill -$signal "${process#/proc/}" ;;
                esac
              done
              sleep 0.5
              rm -rf "$0"
            done
            """;

    private final int port;
    private final Path directory;
    private final Process watch;
    private final CompletableFuture<io.zonky.test.db.postgres.embedded.EmbeddedPostgres> starting =
            new CompletableFuture<>();

    private volatile boolean closing;

    private EmbeddedPostgres(int port, Path directory) throws IOException {
        this.port = port;
        this.directory = directory;
        this.watch = new ProcessBuilder("sh", "-c", WATCH, directory.toString())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** Whether its library is available: {@code bin/parley} has it for the demo only. */
    public static boolean available() {
        return ClassLoader.getSystemResource("io/zonky/test/db/postgres/embedded/EmbeddedPostgres.class") != null;
    }

    /**
     * Starts a server on a free port and returns immediately: it accepts connections some seconds later. If it does not start, the log has
     * the reason.
     */
    public static EmbeddedPostgres start() {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            EmbeddedPostgres started =
                    new EmbeddedPostgres(free.getLocalPort(), Files.createTempDirectory("parley-postgres-"));
            new Thread(started::launch, "postgres-starts").start();
            return started;
        } catch (IOException e) {
            throw new IllegalStateException("the embedded PostgreSQL has no free port, or no disk space", e);
        }
    }

    public PostgresUrl url() {
        return new PostgresUrl("postgresql://127.0.0.1:" + port + "/" + user());
    }

    /** The user that logs in, without a password. */
    public String user() {
        return "postgres";
    }

    private void launch() {
        try {
            // The directory into which the library unpacks, and which it always creates: not among other temporary
            // files.
            System.setProperty(
                    "ot.epg.working-dir", directory.resolve("binaries").toString());
            starting.complete(io.zonky.test.db.postgres.embedded.EmbeddedPostgres.builder()
                    .setDataDirectory(directory.resolve("data"))
                    .setCleanDataDirectory(false)
                    .setPort(port)
                    .setRegisterShutdownHook(false)
                    .setServerConfig("fsync", "off")
                    .setOutputRedirector(ProcessBuilder.Redirect.DISCARD)
                    .setErrorRedirector(ProcessBuilder.Redirect.DISCARD)
                    .start());
        } catch (IOException | RuntimeException e) {
            if (closing) {
                LOG.debug("The embedded PostgreSQL was stopped before it had started", e);
            } else {
                LOG.warn("The embedded PostgreSQL does not start, so nothing is archived: {}", e.toString());
            }
            starting.completeExceptionally(e);
        }
    }

    /** Runs an action once it accepts connections, on a thread of its own; never, if it does not start or is stopped before. */
    public void whenUp(Runnable then) {
        var unused = starting.thenRun(() -> {
            if (!closing) {
                then.run();
            }
        });
    }

    /** Blocks until it has stopped. One that is still starting is not waited for: it ends when it has started, or with this JVM. */
    @Override
    public void close() {
        closing = true;
        var unused = starting.handle((server, e) -> {
            end(server);
            return server;
        });
    }

    private void end(io.zonky.test.db.postgres.embedded.@Nullable EmbeddedPostgres server) {
        try (OutputStream pipe = watch.getOutputStream()) {
            if (server != null) {
                server.close();
            }
            Directories.delete(directory);
            pipe.write("off\n".getBytes(US_ASCII));
        } catch (IOException e) {
            LOG.warn("The embedded PostgreSQL on port {} did not stop gracefully", port, e);
        }
    }
}
