package dev.parley.postgres;

import dev.parley.support.Directories;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.UUID;
import org.junit.platform.commons.util.ExceptionUtils;

/** A PostgreSQL of the embedded binaries that can be killed and started again on its port, with its data. */
public final class TestPostgres implements AutoCloseable {

    private final Path directory;
    private EmbeddedPostgres server;

    private TestPostgres() {
        try {
            directory = Files.createTempDirectory("parley-postgres-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server = launch(0);
    }

    public static TestPostgres start() {
        return new TestPostgres();
    }

    /** The URL of a new, empty database on a server for all integration tests of this JVM. */
    public static String newDatabase() {
        String name = "test_" + UUID.randomUUID().toString().replace("-", "");
        try (Connection connection = DriverManager.getConnection(
                        "jdbc:postgresql://" + SharedPostgres.SERVER + "/postgres?user=postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + name);
        } catch (SQLException e) {
            throw ExceptionUtils.throwAsUncheckedException(e);
        }
        return "postgresql://" + SharedPostgres.SERVER + "/" + name;
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

    /** As a node has it, for a database of {@link #newDatabase}. */
    public static PostgresSettings settings(String url) {
        return settings(url, 10);
    }

    /** @param pool connections at most */
    static PostgresSettings settings(String url, int pool) {
        return new PostgresSettings(
                url, "postgres", null, pool, Duration.ofSeconds(5), Duration.ofSeconds(5), "parley:test");
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
