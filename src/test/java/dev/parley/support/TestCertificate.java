package dev.parley.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * A certificate that signs itself, for the host name {@code localhost} and no address.
 *
 * @param cert PEM
 * @param key PEM, readable by its owner alone
 * @param trustStore the certificate without its key, as an operator trusts it
 */
public record TestCertificate(Path cert, Path key, Path trustStore) {

    /** Of the trust store. */
    public static final String PASSWORD = "changeit";

    private static final String ALIAS = "server";

    /** The JDK's tool makes it; servers read PEM. */
    public static TestCertificate forLocalhost(Path directory)
            throws IOException, InterruptedException, GeneralSecurityException {
        TestCertificate made = new TestCertificate(
                directory.resolve("cert.pem"), directory.resolve("key.pem"), directory.resolve("trusted.p12"));
        Path store = directory.resolve("keys.p12");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(List.of("-genkeypair", "-alias", ALIAS, "-keyalg", "EC", "-groupname", "secp256r1"));
        command.addAll(List.of("-dname", "CN=localhost", "-ext", "san=dns:localhost", "-storetype", "PKCS12"));
        command.addAll(List.of("-keystore", store.toString(), "-storepass", PASSWORD));
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        pem(made.cert, "CERTIFICATE", keys.getCertificate(ALIAS).getEncoded());
        pem(made.key, "PRIVATE KEY", keys.getKey(ALIAS, PASSWORD.toCharArray()).getEncoded());
        Files.setPosixFilePermissions(made.key, PosixFilePermissions.fromString("rw-------"));
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, PASSWORD.toCharArray());
        trusted.setCertificateEntry(ALIAS, keys.getCertificate(ALIAS));
        try (OutputStream out = Files.newOutputStream(made.trustStore)) {
            trusted.store(out, PASSWORD.toCharArray());
        }
        return made;
    }

    /** Settings of a Redis that speaks TLS only. */
    public List<String> redis(int port, String password) {
        return List.of(
                "tls-port " + port,
                "tls-cert-file " + cert,
                "tls-key-file " + key,
                "tls-ca-cert-file " + cert,
                "tls-auth-clients no",
                "requirepass " + password);
    }

    private static void pem(Path file, String kind, byte[] content) throws IOException {
        String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        Files.writeString(file, "-----BEGIN " + kind + "-----\n" + text + "\n-----END " + kind + "-----\n");
    }
}
