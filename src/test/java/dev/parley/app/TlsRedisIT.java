package dev.parley.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.event.Ids;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.redis.TestTopology;
import io.lettuce.core.RedisClient;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertPathBuilderException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Redis that speaks TLS only, with a certificate of its own making. */
class TlsRedisIT {

    private static final char[] PASSWORD = "changeit".toCharArray();

    @TempDir
    private Path directory;

    @Test
    void aNodeSpeaksTlsToARedisWhoseCertificateItTrusts() throws Exception {
        Path store = directory.resolve("redis.p12");
        certificate(store);
        int port = freePort();
        List<String> settings = List.of(
                "tls-port " + port,
                "tls-cert-file " + directory.resolve("cert.pem"),
                "tls-key-file " + directory.resolve("key.pem"),
                "tls-ca-cert-file " + directory.resolve("cert.pem"),
                "tls-auth-clients no",
                "requirepass secret");
        String uri = "rediss://:secret@localhost:" + port;
        try (EmbeddedRedis redis = EmbeddedRedis.start(0, settings)) {
            assertThat(redis.running()).isTrue();
            assertThatThrownBy(() -> connect(uri)).hasRootCauseInstanceOf(CertPathBuilderException.class);
            System.setProperty("javax.net.ssl.trustStore", store.toString());
            System.setProperty("javax.net.ssl.trustStorePassword", new String(PASSWORD));
            try (TestNode node = TestNode.start("redis.uri", uri);
                    TestSocket socket = TestSocket.welcomed(node.socket())) {
                TestTopology.await(
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

    private static int freePort() throws Exception {
        try (ServerSocket any = new ServerSocket(0)) {
            return any.getLocalPort();
        }
    }

    /** For localhost; the JDK's tool makes it, and Redis reads PEM. */
    private void certificate(Path store) throws Exception {
        String password = new String(PASSWORD);
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(List.of("-genkeypair", "-alias", "redis", "-keyalg", "EC", "-groupname", "secp256r1"));
        command.addAll(List.of("-dname", "CN=localhost", "-ext", "san=dns:localhost", "-storetype", "PKCS12"));
        command.addAll(List.of("-keystore", store.toString(), "-storepass", password));
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD);
        }
        pem("cert.pem", "CERTIFICATE", keys.getCertificate("redis").getEncoded());
        pem("key.pem", "PRIVATE KEY", keys.getKey("redis", PASSWORD).getEncoded());
        // As an operator trusts it: the certificate without its key.
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, PASSWORD);
        trusted.setCertificateEntry("redis", keys.getCertificate("redis"));
        try (OutputStream out = Files.newOutputStream(store)) {
            trusted.store(out, PASSWORD);
        }
    }

    private void pem(String name, String kind, byte[] content) throws IOException {
        String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        Files.writeString(
                directory.resolve(name), "-----BEGIN " + kind + "-----\n" + text + "\n-----END " + kind + "-----\n");
    }
}
