package dev.parley.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.parley.support.Await;
import dev.parley.support.Directories;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A PgBouncer with its default settings, but for those that a test gives it, as {@code .ci/debian} lays it out. Where that is absent, tests
 * are skipped, and fail on CI.
 */
public final class TestPgBouncer implements AutoCloseable {

    /** Those of Debian 12 and 13. */
    public static final List<String> VERSIONS = List.of("1.18", "1.24");

    private final Path directory;
    private final int port;
    private final Process process;

    private TestPgBouncer(Path program, String server, Map<String, String> settings) throws IOException {
        this.directory = Files.createTempDirectory("parley-pgbouncer-");
        this.port = freePort();
        // It refuses to run as root, and becomes somebody who has to read this.
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path config = Files.writeString(directory.resolve("pgbouncer.ini"), config(server, settings));
        this.process = new ProcessBuilder(program.toAbsolutePath().toString(), config.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("pgbouncer.out").toFile())
                .start();
    }

    /**
     * Starts one before a PostgreSQL.
     *
     * @param url of a database, which this one has under the same name
     * @param settings names and values in turn
     */
    public static TestPgBouncer start(String version, String url, String... settings) {
        Path program = Path.of("target/pgbouncer-" + version + "/pgbouncer");
        boolean there = Files.isExecutable(program);
        if (Boolean.parseBoolean(System.getenv("CI"))) {
            assertThat(there).describedAs(".ci/debian has made %s", program).isTrue();
        }
        assumeTrue(there, "NO PGBOUNCER " + version + ": it is not tested; run .ci/debian");
        Map<String, String> all = new TreeMap<>();
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        try {
            TestPgBouncer started = new TestPgBouncer(program, url, all);
            Await.until("PgBouncer takes connections", started::takesConnections);
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String config(String url, Map<String, String> settings) {
        String[] server =
                url.substring(url.indexOf("//") + 2, url.lastIndexOf('/')).split(":", 2);
        Map<String, String> all = new TreeMap<>(Map.of(
                "listen_addr", "127.0.0.1",
                "listen_port", Integer.toString(port),
                "unix_socket_dir", "",
                "auth_type", "any"));
        if (System.getProperty("user.name").equals("root")) {
            all.put("user", "nobody");
        }
        all.putAll(settings);
        return "[databases]\n* = host=" + server[0] + " port=" + server[1] + " user=postgres\n[pgbouncer]\n"
                + all.entrySet().stream()
                        .map(each -> each.getKey() + " = " + each.getValue() + "\n")
                        .collect(Collectors.joining());
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return free.getLocalPort();
        }
    }

    private boolean takesConnections() throws IOException {
        if (!process.isAlive()) {
            throw new IllegalStateException(Files.readString(directory.resolve("pgbouncer.out")));
        }
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    /** That of a database through it. */
    public String url(String database) {
        return "postgresql://127.0.0.1:" + port + database.substring(database.lastIndexOf('/'));
    }

    @Override
    public void close() {
        try {
            process.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        Directories.delete(directory);
    }
}
