package dev.parley.openai;

import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/** Explains why no TLS connection can be made, and what an operator can do. */
final class TlsFault {

    private TlsFault() {}

    /** Null for another or a temporary failure: a connection that is closed or silent in its handshake. */
    static @Nullable String of(Throwable error) {
        if (find(error, NotSslRecordException.class) != null) {
            return "the upstream answers without TLS: is parley.upstream.url meant to begin with http://?";
        }
        SSLHandshakeException handshake = find(error, SSLHandshakeException.class);
        if (handshake == null || find(error, SslHandshakeTimeoutException.class) != null) {
            return null;
        }
        String certificate = certificate(error);
        return certificate != null ? certificate : agreement(text(handshake));
    }

    private static @Nullable String certificate(Throwable error) {
        if (find(error, CertificateExpiredException.class) != null) {
            return "the upstream's certificate has expired: renew it there, or set this machine's clock";
        }
        if (find(error, CertificateNotYetValidException.class) != null) {
            return "the upstream's certificate is not valid yet: set this machine's clock";
        }
        CertificateException certificate = find(error, CertificateException.class);
        if (certificate != null && text(certificate).matches("(?s)No (subject alternative|name matching).*")) {
            return "the upstream's certificate is for another host name than parley.upstream.url has: "
                    + text(certificate);
        }
        return find(error, CertPathBuilderException.class) != null
                        || find(error, CertPathValidatorException.class) != null
                        || certificate != null
                ? "the upstream's certificate is not trusted: put its authority into a trust store, and name that by"
                        + " PARLEY_JAVA_OPTS=-Djavax.net.ssl.trustStore=…"
                : null;
    }

    /** Explains alerts of the peer (RFC 8446, section 6.2), and the JDK's own findings. */
    private static @Nullable String agreement(String message) {
        String lower = message.toLowerCase(Locale.ROOT);
        if (contains(lower, "certificate_required", "bad_certificate", "unknown_ca", "access_denied")) {
            return "the upstream refuses the gateway's TLS certificate, or wants one: " + message;
        }
        if (contains(lower, "protocol", "handshake_failure", "cipher", "insufficient_security", "unsupported")) {
            return "the upstream and the gateway have no TLS protocol version or cipher in common: " + message;
        }
        return contains(lower, "unrecognized_name")
                ? "the upstream has no certificate for the host name in parley.upstream.url: " + message
                : null;
    }

    private static boolean contains(String text, String... words) {
        return Stream.of(words).anyMatch(text::contains);
    }

    private static String text(Throwable error) {
        return Objects.requireNonNullElse(error.getMessage(), "");
    }

    private static <T extends Throwable> @Nullable T find(Throwable error, Class<T> kind) {
        Throwable cause = error;
        // A chain of causes may be cyclic.
        for (int depth = 0; cause != null && depth < 20; depth++) {
            if (kind.isInstance(cause)) {
                return kind.cast(cause);
            }
            cause = cause.getCause();
        }
        return null;
    }
}
