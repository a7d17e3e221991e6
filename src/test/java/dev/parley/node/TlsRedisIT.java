package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.event.Ids;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.support.Await;
import dev.parley.support.TestCertificate;
import io.lettuce.core.RedisClient;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.security.cert.CertPathBuilderException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Redis that speaks TLS only, with a certificate of its own making. */
class TlsRedisIT {

    @TempDir
    private Path directory;

    @Test
    void aNodeSpeaksTlsToARedisWhoseCertificateItTrusts() throws Exception {
        TestCertificate certificate = TestCertificate.forLocalhost(directory);
        int port = freePort();
        String uri = "rediss://:secret@localhost:" + port;
        try (EmbeddedRedis redis = EmbeddedRedis.start(0, certificate.redis(port, "secret"))) {
            assertThat(redis.running()).isTrue();
            assertThatThrownBy(() -> connect(uri)).hasRootCauseInstanceOf(CertPathBuilderException.class);
            System.setProperty(
                    "javax.net.ssl.trustStore", certificate.trustStore().toString());
            System.setProperty("javax.net.ssl.trustStorePassword", TestCertificate.PASSWORD);
            try (TestNode node = TestNode.start("redis.uri", uri);
                    TestSocket socket = TestSocket.welcomed(node.socket())) {
                Await.until(
                        "it is ready",
                        () -> TestHttp.get(node.management("/health/ready")).status() == 200);
                String c = Ids.random();
                socket.send("{'type':'subscribe','conversation':'" + c + "'}").next("snapshot");
                socket.send("{'type':'publish','conversation':'" + c + "','event':'agent.note','payload':{'n':1}}");
                assertThat(TopologyContract.number(socket.next("event"))).isEqualTo(1);
            } finally {
                System.clearProperty("javax.net.ssl.trustStore");
                System.clearProperty("javax.net.ssl.trustStorePassword");
            }
        }
    }

    /** As the gateway does, with whatever this JVM trusts now. */
    private static void connect(String uri) {
        try (RedisClient client = RedisClient.create(uri)) {
            client.connect().close();
        }
    }

    static int freePort() throws Exception {
        try (ServerSocket any = new ServerSocket(0)) {
            return any.getLocalPort();
        }
    }
}
