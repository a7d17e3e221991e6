package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.event.Ids;
import dev.parley.openai.FakeUpstream;
import dev.parley.postgres.TestPostgres;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.support.Await;
import dev.parley.support.TestCertificate;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged distribution, with TLS to everything that it connects to. */
final class TlsDistributionIT {

    private static final String PASSWORD = "correct-horse-battery";
    private static final String SAID = "When does the shop open?";
    private static final Pattern ADDRESS = Pattern.compile("://([0-9.]+:[0-9]+)");

    @TempDir
    private Path directory;

    @Test
    void itSpeaksTlsToTheUpstreamTheEmbedderRedisAndPostgres() throws Exception {
        TestCertificate certificate = TestCertificate.forLocalhost(directory);
        Path temporary = Files.createDirectory(directory.resolve("temporary"));
        int port = TlsRedisIT.freePort();
        try (FakeUpstream upstream = new FakeUpstream(certificate);
                EmbeddedRedis redis = EmbeddedRedis.start(0, certificate.redis(port, PASSWORD));
                TestPostgres postgres = TestPostgres.start()) {
            assertThat(redis.running()).isTrue();
            TlsPostgresIT.lock(postgres, certificate, PASSWORD);
            Map<String, String> environment = Map.of(
                    "PARLEY_JAVA_OPTS",
                    "-Djava.io.tmpdir=" + temporary + " -Djavax.net.ssl.trustStore=" + certificate.trustStore()
                            + " -Djavax.net.ssl.trustStorePassword=" + TestCertificate.PASSWORD,
                    "PARLEY_HTTP_PORT",
                    "0",
                    "PARLEY_MANAGEMENT_PORT",
                    "0",
                    "PARLEY_REDIS_URI",
                    "rediss://:" + PASSWORD + "@localhost:" + port,
                    "PARLEY_UPSTREAM_URL",
                    upstream.url(),
                    "PARLEY_CACHE_SEMANTIC_URL",
                    upstream.url(),
                    "PARLEY_POSTGRES_URL",
                    "postgresql://localhost:" + postgres.port() + "/parley?sslMode=verify-full&sslRootCert="
                            + certificate.cert(),
                    "PARLEY_POSTGRES_USERNAME",
                    "parley",
                    "PARLEY_POSTGRES_PASSWORD",
                    PASSWORD);
            try (Distribution parley = Distribution.start(
                    temporary,
                    environment,
                    "serve",
                    "--set",
                    "cache.semantic.embedder=http",
                    "--set",
                    "cache.semantic.model=e-1",
                    "--set",
                    "cache.semantic.dimensions=2")) {
                String sockets = address(parley.await("ws://"));
                String management = address(parley.await("/health/ready"));
                Await.until(
                        "it is ready",
                        () -> TestHttp.get(URI.create("http://" + management + "/health/ready"))
                                        .status()
                                == 200);
                completes(upstream, sockets);
                isSpokenTo(sockets);
                Await.until("it is archived", () -> archived(management) >= 1);
                postgres.execute(TlsPostgresIT.ENCRYPTED);
                parley.signal("TERM");
                assertThat(parley.exitWithin(60)).isEqualTo(143);
                assertThat(parley.err()).noneMatch(line -> line.contains(" WARN ") || line.contains(" ERROR "));
            }
        }
    }

    /** By the upstream, then in other words, which only the embedder finds. */
    private static void completes(FakeUpstream upstream, String address) {
        TestHttp.Answer first = ask(address, SAID);
        assertThat(first.status()).as(first.toString()).isEqualTo(200);
        assertThat(first.json().at("/choices/0/message/content").asText()).isEqualTo(FakeUpstream.ANSWER);
        assertThat(upstream.calls(SAID)).isEqualTo(1);
        Await.until(
                "it is found in other words",
                () -> ask(address, "when DOES the shop open", "Cache-Control", "only-if-cached")
                        .header("X-Parley-Cache")
                        .equals("hit-semantic"));
    }

    private static TestHttp.Answer ask(String address, String said, String... headers) {
        String[] all = new String[headers.length + 2];
        all[0] = "X-Parley-Cache-Category";
        all[1] = "faq";
        System.arraycopy(headers, 0, all, 2, headers.length);
        return TestHttp.postJson(
                URI.create("http://" + address + "/v1/chat/completions"),
                "{'model':'m-1','messages':[{'role':'user','content':'" + said + "'}]}",
                all);
    }

    private static void isSpokenTo(String address) {
        String c = Ids.random();
        try (TestSocket socket = TestSocket.welcomed(URI.create("ws://" + address + "/v1/ws"))) {
            socket.send("{'type':'subscribe','conversation':'" + c + "'}").next("snapshot");
            socket.send("{'type':'send','ref':1,'conversation':'" + c + "','content':'hello','message_id':'m-1'}");
            assertThat(socket.next("event").at("/event/payload/content").asText())
                    .isEqualTo("hello");
        }
    }

    private static double archived(String management) {
        return TestHttp.get(URI.create("http://" + management + "/metrics"))
                .body()
                .lines()
                .filter(line -> line.startsWith("parley_archive_messages_total"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    private static String address(String line) {
        Matcher matcher = ADDRESS.matcher(line);
        assertThat(matcher.find()).as(line).isTrue();
        return matcher.group(1);
    }
}
