package dev.parley.openai;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.event.Ids;
import dev.parley.node.TestHttp.Answer;
import dev.parley.node.TestNode;
import dev.parley.support.Await;
import dev.parley.support.TestCertificate;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/** What an upstream may do, with the settings that a gateway has of itself. */
class UpstreamFaultsIT {

    private final FakeUpstream upstream = new FakeUpstream();
    private final Caller agent = new Caller();
    private final String said = "q-" + Ids.random();

    @AfterEach
    void close() {
        upstream.close();
    }

    @Test
    void retriesDoNotMultiply() {
        try (TestNode node = Caller.node(upstream.url())) {
            assertThat(agent.ask(node, "m-503", said, "").status()).isEqualTo(503);
            assertThat(upstream.calls(said)).as("the gateway's own").isEqualTo(3);
            String sdk = "q-" + Ids.random();
            for (int i = 0; i < 3; i++) {
                assertThat(agent.ask(node, "m-503", sdk, "", "x-stainless-retry-count", Integer.toString(i))
                                .status())
                        .isEqualTo(503);
            }
            assertThat(upstream.calls(sdk)).as("an SDK's, who tries by itself").isEqualTo(3);
            Answer quota = agent.ask(node, "m-quota", "quota", "");
            assertThat(quota.status()).isEqualTo(429);
            assertThat(quota.header("x-should-retry")).isEqualTo("false");
            assertThat(upstream.calls("quota"))
                    .as("the upstream says that it is no use")
                    .isEqualTo(1);
        }
    }

    @Test
    void whatIsCompressedThoughNobodyAskedIsReadAndKept() {
        try (TestNode node = Caller.node(upstream.url())) {
            Answer whole = agent.ask(node, "m-gzip", said, "");
            assertThat(whole.header("Content-Encoding")).isEmpty();
            assertThat(whole.json().at("/choices/0/message/content").asText()).isEqualTo(FakeUpstream.ANSWER);
            assertThat(agent.ask(node, "m-gzip", said, "").header(Caller.MARK)).isEqualTo("hit-exact");
            Answer stream = agent.ask(node, "m-gzip", "streamed " + said, Caller.STREAM);
            assertThat(stream.header("Content-Encoding")).isEmpty();
            assertThat(stream.body()).endsWith("data: [DONE]\n\n");
            assertThat(agent.ask(node, "m-gzip", "streamed " + said, "").header(Caller.MARK))
                    .isEqualTo("hit-exact");
        }
    }

    @Test
    void whatTheGatewayCantReadIsPassedOnWithItsEncodingAndNotKept() {
        try (TestNode node = Caller.node(upstream.url())) {
            for (int i = 1; i <= 2; i++) {
                Answer answer = agent.ask(node, "m-br", said, "");
                assertThat(answer.header("Content-Encoding")).isEqualTo("br");
                assertThat(answer.body().getBytes(UTF_8)).containsExactly(1, 2, 3);
                assertThat(upstream.calls(said)).isEqualTo(i);
            }
        }
    }

    @Test
    void aThousandStreamsAtOnceArePassedOn() throws Exception {
        List<Socket> streams = new ArrayList<>();
        try (TestNode node = Caller.node(upstream.url())) {
            for (int i = 0; i < 1_000; i++) {
                streams.add(agent.socket(node, "m-stall", said + "-" + i));
            }
            for (Socket each : streams) {
                each.setSoTimeout(120_000);
                assertThat(new String(each.getInputStream().readNBytes(12), UTF_8))
                        .endsWith("200");
            }
            assertThat(upstream.calls()).isEqualTo(1_000);
        } finally {
            for (Socket each : streams) {
                each.close();
            }
        }
    }

    @Test
    void aRequestWithPicturesIsTakenAndMoreThanThereIsMemoryForIsRefusedAloud() {
        String picture = ",\"user\":\"" + "x".repeat(20 << 20) + "\"";
        try (TestNode node = Caller.node(upstream.url())) {
            assertThat(agent.ask(node, "m-1", said, picture).status()).isEqualTo(200);
            assertThat(agent.ask(node, "m-1", said, ",\"user\":\"" + "x".repeat(33 << 20) + "\"")
                            .status())
                    .isEqualTo(413);
        }
        try (TestNode small = Caller.node(upstream.url(), "upstream.memory", "30MiB")) {
            Answer refused = agent.ask(small, "m-1", said, picture);
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.json().at("/error/code").asText()).isEqualTo("overloaded");
            assertThat(refused.header("Retry-After")).isEqualTo("1");
            assertThat(small.metric("parley_upstream_crowded_total")).isEqualTo(1);
            assertThat(agent.ask(small, "m-1", said, "").status()).isEqualTo(200);
            Await.until("it is given back", () -> small.metric("parley_upstream_memory_bytes") == 0);
        }
    }

    private void assertLasting(String url, String code, String... words) {
        try (TestNode node = Caller.node(url)) {
            for (int i = 0; i < 12; i++) {
                Answer answer = agent.ask(node, "m-1", said + i, "");
                assertThat(answer.status()).as("%s", answer).isEqualTo(502);
                assertThat(answer.json().at("/error/code").asText()).isEqualTo(code);
                assertThat(answer.json().at("/error/message").asText()).contains(words);
                assertThat(answer.header("x-should-retry")).isEqualTo("false");
            }
        }
    }

    @Test
    void whyTlsFailsIsSaid(@TempDir Path directory) throws Exception {
        TestCertificate certificate = TestCertificate.forLocalhost(directory);
        try (Tls tls = new Tls(certificate, null);
                Tls odd = new Tls(certificate, "TLS_RSA_WITH_AES_256_GCM_SHA384")) {
            assertLasting("https://localhost:" + tls.port() + "/v1", "upstream_tls", "not trusted", "trustStore");
            assertLasting("https://localhost:" + upstream.port() + "/v1", "upstream_tls", "without TLS", "http://");
            trusted(certificate, () -> {
                assertLasting("https://127.0.0.1:" + tls.port() + "/v1", "upstream_tls", "another host name");
                assertLasting(
                        "https://localhost:" + odd.port() + "/v1",
                        "upstream_tls",
                        "no TLS protocol version or cipher in common");
                try (TestNode node = Caller.node("https://localhost:" + tls.port() + "/v1")) {
                    assertThat(agent.ask(node, "m-1", said, "").status()).isEqualTo(418);
                }
            });
        }
    }

    private static void trusted(TestCertificate certificate, Runnable then) {
        System.setProperty("javax.net.ssl.trustStore", certificate.trustStore().toString());
        System.setProperty("javax.net.ssl.trustStorePassword", TestCertificate.PASSWORD);
        try {
            then.run();
        } finally {
            System.clearProperty("javax.net.ssl.trustStore");
            System.clearProperty("javax.net.ssl.trustStorePassword");
        }
    }

    /** An upstream that speaks TLS, and is a teapot. */
    private static final class Tls implements AutoCloseable {

        private final DisposableServer server;

        /** @param cipher of TLS 1.2, for keys of another kind than the certificate has; null: any that fits */
        Tls(TestCertificate certificate, @Nullable String cipher) {
            server = HttpServer.create()
                    .host("127.0.0.1")
                    .secure(spec -> spec.sslContext(context(certificate, cipher)))
                    .handle((request, response) ->
                            response.status(418).sendString(Mono.just("{}")).then())
                    .bindNow();
        }

        private static SslContext context(TestCertificate certificate, @Nullable String cipher) {
            try {
                SslContextBuilder builder = SslContextBuilder.forServer(
                        certificate.cert().toFile(), certificate.key().toFile());
                return cipher == null
                        ? builder.build()
                        : builder.protocols("TLSv1.2").ciphers(List.of(cipher)).build();
            } catch (SSLException e) {
                throw new IllegalStateException(e);
            }
        }

        int port() {
            return server.port();
        }

        @Override
        public void close() {
            server.disposeNow();
        }
    }
}
