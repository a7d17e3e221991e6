package dev.parley.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.parley.event.Ids;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Set;

/** Makes tokens for development, tests and the demo, as {@link JwtAuthenticator#of} takes them. Thread-safe. */
public final class TokenMint {

    private final JWSSigner signer;
    private final Clock clock;

    /** @throws IllegalArgumentException when the secret has less than 32 bytes */
    public TokenMint(byte[] secret, Clock clock) {
        try {
            this.signer = new MACSigner(SigningKey.key(secret));
        } catch (JOSEException e) {
            throw new IllegalArgumentException(e);
        }
        this.clock = clock;
    }

    /**
     * Makes a token that is valid from now on.
     *
     * @param conversations ids, or {@link Principal#ANY}
     * @param ttl validity, one second or more
     * @throws IllegalArgumentException when something is not an id, or the time is too short
     */
    public String mint(String subject, String tenant, Set<Role> roles, Set<String> conversations, Duration ttl) {
        checkId("subject", subject);
        checkId("tenant", tenant);
        conversations.forEach(id -> checkId("conversation", id));
        if (ttl.compareTo(Duration.ofSeconds(1)) < 0) {
            throw new IllegalArgumentException("ttl must be one second or more");
        }
        Instant now = clock.instant();
        return sign(new JWTClaimsSet.Builder()
                .subject(subject)
                .claim(JwtAuthenticator.TENANT, tenant)
                .claim(
                        JwtAuthenticator.ROLES,
                        roles.stream().map(Role::wire).sorted().toList())
                .claim(JwtAuthenticator.CONVERSATIONS, List.copyOf(conversations))
                .issueTime(Date.from(now))
                .expirationTime(Date.from(now.plus(ttl)))
                .build());
    }

    private String sign(JWTClaimsSet claims) {
        try {
            SignedJWT jwt = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims);
            jwt.sign(signer);
            return jwt.serialize();
        } catch (JOSEException e) {
            throw new IllegalStateException("the token can't be signed", e);
        }
    }

    static void checkId(String field, String id) {
        if (!Ids.valid(id)) {
            throw new IllegalArgumentException(field + " " + Ids.RULE);
        }
    }
}
