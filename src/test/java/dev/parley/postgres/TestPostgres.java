package dev.parley.postgres;

import dev.parley.config.TestSettings;
import dev.parley.support.Directories;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.platform.commons.util.ExceptionUtils;

/** A PostgreSQL of the embedded binaries that can be killed and started again on its port, with its data. */
public final class TestPostgres implements AutoCloseable {

    private final Path directory;
    private EmbeddedPostgres server;

    private TestPostgres(Path directory) {
        this.directory = directory;
        server = launch(0);
    }

    public static TestPostgres start() {
        return new TestPostgres(newDirectory());
    }

    private static Path newDirectory() {
        try {
            return Files.createTempDirectory("parley-postgres-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts a standby that has what this has, and hears nothing more of it. This is stopped and started again for it. */
    public TestPostgres standby() {
        stop();
        Path copy = newDirectory();
        try (Stream<Path> files = Files.walk(data())) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(
                        file,
                        copy.resolve("data").resolve(data().relativize(file).toString()),
                        StandardCopyOption.COPY_ATTRIBUTES);
            }
            Files.createFile(copy.resolve("data/standby.signal"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        startAgain();
        return new TestPostgres(copy);
    }

    /**
     * Lets sessions begin read-only from now on, and ends those that there are, as a host does when a disk is full; or lets them begin as
     * usual again, and those that there are go on as they are.
     */
    public void readOnly(boolean on) {
        execute(
                "SET default_transaction_read_only = off",
                on
                        ? "ALTER DATABASE postgres SET default_transaction_read_only = on"
                        : "ALTER DATABASE postgres RESET default_transaction_read_only",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                        + " AND backend_type = 'client backend' AND " + on);
    }

    /** The URL of a new, empty database on a server for all integration tests of this JVM. */
    public static String newDatabase() {
        String name = "test_" + UUID.randomUUID().toString().replace("-", "");
        executeOn("postgresql://" + SharedPostgres.SERVER + "/postgres", "CREATE DATABASE " + name);
        return "postgresql://" + SharedPostgres.SERVER + "/" + name;
    }

    /** Does something in the database of a URL. */
    static void executeOn(String url, String sql) {
        try (Connection connection = DriverManager.getConnection("jdbc:" + url + "?user=postgres");
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw ExceptionUtils.throwAsUncheckedException(e);
        }
    }

    /** How many messages of a conversation a database of {@link #newDatabase} holds. */
    public static int messages(String url, String conversation) {
        try (Connection connection = DriverManager.getConnection("jdbc:" + url + "?user=postgres");
                PreparedStatement count =
                        connection.prepareStatement("SELECT count(*) FROM messages WHERE conversation_id = ?")) {
            count.setString(1, conversation);
            try (ResultSet rows = count.executeQuery()) {
                rows.next();
                return rows.getInt(1);
            }
        } catch (SQLException e) {
            throw ExceptionUtils.throwAsUncheckedException(e);
        }
    }

    /** The gateway's own way to a database of {@link #newDatabase}; the caller opens and closes it. */
    public static Postgres of(String url) {
        return of(url, 10);
    }

    /** @param pool maximum connections */
    static Postgres of(String url, int pool) {
        return new Postgres(settings(url, "pool", String.valueOf(pool)), "parley:test", null);
    }

    static PostgresSettings settings(String url, String... changes) {
        return TestSettings.of(
                PostgresSettings.class,
                Stream.concat(Stream.of("url", url, "username", "postgres", "query-timeout", "5s"), Stream.of(changes))
                        .toArray(String[]::new));
    }

    private EmbeddedPostgres launch(int port) {
        try {
            return EmbeddedPostgres.builder()
                    .setDataDirectory(directory.resolve("data"))
                    .setCleanDataDirectory(false)
                    .setPort(port)
                    .setRegisterShutdownHook(false)
                    .setServerConfig("fsync", "off")
                    .setServerConfig("max_connections", "100")
                    .setOutputRedirector(ProcessBuilder.Redirect.DISCARD)
                    .setErrorRedirector(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Does something as its superuser, who needs no password. */
    public void execute(String... statements) {
        try (Connection connection = server.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        } catch (SQLException e) {
            throw ExceptionUtils.throwAsUncheckedException(e);
        }
    }

    /** Where {@code pg_hba.conf} is. */
    public Path data() {
        return directory.resolve("data");
    }

    public int port() {
        return server.getPort();
    }

    public String url() {
        return "postgresql://127.0.0.1:" + server.getPort() + "/postgres";
    }

    /** Stops it at once, its connections with it. */
    public void stop() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public void startAgain() {
        server = launch(server.getPort());
    }

    @Override
    public void close() {
        stop();
        Directories.delete(directory);
    }
}
