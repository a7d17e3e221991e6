package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.event.Ids;
import dev.parley.postgres.TestPostgres;
import dev.parley.support.Await;
import dev.parley.support.LogWatch;
import dev.parley.support.TestCertificate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A PostgreSQL that speaks TLS only, with a certificate of its own making, and asks for a password (scram-sha-256). */
class TlsPostgresIT {

    private static final String PASSWORD = "correct-horse-battery";
    private static final String WRONG_PASSWORD = "incorrect-horse";

    /** Fails unless all connections are encrypted, and there is one. */
    static final String ENCRYPTED = "DO $$ BEGIN ASSERT (SELECT count(*) > 0 AND bool_and(ssl) FROM pg_stat_ssl"
            + " JOIN pg_stat_activity USING (pid) WHERE usename = 'parley'); END $$";

    @TempDir
    private Path directory;

    private final TestPostgres server = TestPostgres.start();
    private final LogWatch log = LogWatch.open();
    private TestCertificate certificate = new TestCertificate(Path.of(""), Path.of(""), Path.of(""));

    @BeforeEach
    void lock() throws IOException, InterruptedException, GeneralSecurityException {
        certificate = TestCertificate.forLocalhost(directory);
        lock(server, certificate, PASSWORD);
    }

    /** From now on it speaks TLS only, to {@code parley} with this password. */
    static void lock(TestPostgres server, TestCertificate certificate, String password) throws IOException {
        server.execute(
                "CREATE ROLE parley LOGIN PASSWORD '" + password + "'",
                "CREATE DATABASE parley OWNER parley",
                "ALTER SYSTEM SET ssl_cert_file = '" + certificate.cert() + "'",
                "ALTER SYSTEM SET ssl_key_file = '" + certificate.key() + "'",
                "ALTER SYSTEM SET ssl = on");
        Files.writeString(
                server.data().resolve("pg_hba.conf"),
                "host all postgres 127.0.0.1/32 trust\nhostssl all parley all scram-sha-256\n");
        server.execute("SELECT pg_reload_conf()");
    }

    @AfterEach
    void close() {
        log.close();
        server.close();
    }

    private String url(String host, String options) {
        return "postgresql://" + host + ":" + server.port() + "/parley" + options;
    }

    private String verified(Path authority) {
        return "?sslMode=verify-full&sslRootCert=" + authority;
    }

    private static TestNode node(String url, String password) {
        return TestNode.start(
                "postgres.url",
                url,
                "postgres.username",
                "parley",
                "postgres.password",
                password,
                "redis.key-prefix",
                Ids.random() + ":");
    }

    private static boolean up(TestNode node) {
        return node.metric("parley_postgres_up") == 1;
    }

    /** Agents and people do not notice: a session is made and spoken to, an event comes to a socket. */
    private static void lives(TestNode node) {
        String c = Ids.random();
        Await.until(
                "it is ready",
                () -> TestHttp.get(node.management("/health/ready")).status() == 200);
        try (TestSocket socket = TestSocket.welcomed(node.socket())) {
            socket.send("{'type':'subscribe','conversation':'" + c + "'}").next("snapshot");
            socket.send("{'type':'send','ref':1,'conversation':'" + c + "','content':'hello','message_id':'m-1'}");
            JsonNode message = socket.next("event");
            assertThat(message.at("/event/payload/content").asText()).isEqualTo("hello");
        }
        TestHttp.Answer session = TestHttp.get(node.http("/v1/sessions/" + c));
        assertThat(session.status()).as(session.toString()).isEqualTo(200);
        assertThat(session.json().path("source").asText()).isEqualTo("live");
    }

    private List<String> told() {
        return log.lines().stream().filter(line -> line.startsWith("WARN")).toList();
    }

    private void isTold(TestNode node, String what, String... settings) {
        Await.until(
                "it is told",
                () -> told().stream().anyMatch(line -> line.contains("is not ready yet") && line.contains(what)));
        assertThat(told())
                .filteredOn(line -> line.contains("is not ready yet"))
                .isNotEmpty()
                .allSatisfy(line -> assertThat(line).contains(what).contains(settings));
        assertThat(up(node)).isFalse();
        lives(node);
    }

    private void noPasswordIsSaid() {
        assertThat(log.lines()).noneMatch(line -> line.contains(PASSWORD) || line.contains(WRONG_PASSWORD));
        log.assertQuiet();
    }

    @Test
    void whatIsSaidIsArchivedOverAVerifiedConnection() {
        try (TestNode node = node(url("localhost", verified(certificate.cert())), PASSWORD)) {
            Await.until("it is connected", () -> up(node));
            lives(node);
            Await.until("it is archived", () -> node.metric("parley_archive_messages_total") >= 1);
            server.execute(ENCRYPTED);
        }
        noPasswordIsSaid();
    }

    @Test
    void aWrongPasswordIsToldAndTheHotPathGoesOn() {
        try (TestNode node = node(url("localhost", verified(certificate.cert())), WRONG_PASSWORD)) {
            isTold(
                    node,
                    "password authentication failed for user \"parley\"",
                    "parley.postgres.username",
                    "parley.postgres.password");
            server.execute("ALTER ROLE parley PASSWORD '" + WRONG_PASSWORD + "'");
            Await.until("it goes on trying", () -> up(node));
        }
        noPasswordIsSaid();
    }

    @Test
    void aCertificateThatNobodyVouchesForIsToldAndTheHotPathGoesOn() throws Exception {
        TestCertificate other = TestCertificate.forLocalhost(Files.createDirectory(directory.resolve("other")));
        try (TestNode node = node(url("localhost", verified(other.cert())), PASSWORD)) {
            isTold(node, "parley.postgres.url", "sslMode", "sslRootCert");
        }
        noPasswordIsSaid();
    }

    @Test
    void aCertificateOfAnotherHostIsTold() {
        try (TestNode node = node(url("127.0.0.1", verified(certificate.cert())), PASSWORD)) {
            isTold(node, "127.0.0.1", "parley.postgres.url", "sslMode", "sslRootCert");
        }
        noPasswordIsSaid();
    }

    @Test
    void whoSpeaksNoTlsIsTold() {
        try (TestNode node = node(url("localhost", ""), PASSWORD)) {
            isTold(node, "no encryption", "sslMode in parley.postgres.url");
        }
        noPasswordIsSaid();
    }

    @Test
    void aPasswordThatIsChangedMeanwhileIsTold() {
        try (TestNode node = node(url("localhost", verified(certificate.cert())), PASSWORD)) {
            Await.until("it is connected", () -> up(node));
            server.execute("ALTER ROLE parley PASSWORD '" + WRONG_PASSWORD + "'");
            Await.until("it is told", () -> {
                // More than once: who is just being let in by the old password is not in that list yet.
                server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'parley'");
                lives(node);
                return told().stream()
                        .anyMatch(line -> line.contains("PostgreSQL is unavailable")
                                && line.contains("parley.postgres.password"));
            });
            server.execute("ALTER ROLE parley PASSWORD '" + PASSWORD + "'");
            Await.until("it goes on trying", () -> up(node));
        }
        noPasswordIsSaid();
    }
}
