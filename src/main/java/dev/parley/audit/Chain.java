package dev.parley.audit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Seals entries: HMAC-SHA-256 (RFC 2104) over the MAC of the entry before it, the trail, its number and its whole content, each with its
 * length in front, so that nothing can move from one field to the next. Thread-safe; takes microseconds.
 *
 * <p>Without a key of the operator anyone can seal: then the chain reveals mistakes, but not manipulation.
 */
final class Chain {

    private static final String ALGORITHM = "HmacSHA256";
    private static final byte[] NO_KEY = "parley".getBytes(UTF_8);

    private final SecretKeySpec key;
    private final boolean keyed;

    Chain(byte @Nullable [] key) {
        this.keyed = key != null;
        this.key = new SecretKeySpec(key == null ? NO_KEY : key, ALGORITHM);
    }

    boolean keyed() {
        return keyed;
    }

    AuditEntry seal(UnsealedEntry draft, long seq, String prev) {
        AuditEntry open = AuditEntry.of(draft, seq, prev, "");
        return AuditEntry.of(draft, seq, prev, mac(draft.trail(), open));
    }

    boolean sealed(Trail trail, AuditEntry entry) {
        return mac(trail, entry).equals(entry.mac());
    }

    private String mac(Trail trail, AuditEntry entry) {
        return mac(List.of(
                entry.prev(),
                trail.name(),
                Long.toString(entry.seq()),
                entry.conversation(),
                entry.tenant(),
                entry.agent(),
                entry.action(),
                entry.details(),
                entry.timestamp(),
                entry.id()));
    }

    /** The seal of the end of a trail; its number of parts distinguishes it from an entry. */
    String seal(Trail trail, TrailHead head) {
        return mac(List.of("head", trail.name(), Long.toString(head.seq()), head.mac()));
    }

    private String mac(List<String> parts) {
        ByteArrayOutputStream sealed = new ByteArrayOutputStream();
        for (String part : parts) {
            byte[] bytes = part.getBytes(UTF_8);
            sealed.writeBytes(
                    ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
            sealed.writeBytes(bytes);
        }
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            return Base64.getUrlEncoder().withoutPadding().encodeToString(mac.doFinal(sealed.toByteArray()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JVM has " + ALGORITHM, e);
        }
    }
}
