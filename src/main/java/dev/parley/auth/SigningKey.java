package dev.parley.auth;

import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/** The key that tokens are signed with. */
final class SigningKey {

    /** RFC 7518, section 3.2: a key of the same size as the hash output or larger. */
    static final int MIN_BYTES = 32;

    private SigningKey() {}

    static SecretKey key(byte[] secret) {
        if (secret.length < MIN_BYTES) {
            throw new IllegalArgumentException("the secret that signs tokens must have at least " + MIN_BYTES
                    + " bytes, this one has " + secret.length + ": make one with `openssl rand -hex 32`");
        }
        return new SecretKeySpec(secret, "HmacSHA256");
    }
}
