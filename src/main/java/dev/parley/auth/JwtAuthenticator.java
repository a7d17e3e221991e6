package dev.parley.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jwt.JWT;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.JWTParser;
import com.nimbusds.jwt.SignedJWT;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.Ids;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Takes tokens that one shared secret has signed. */
final class JwtAuthenticator implements Authenticator {

    static final String TENANT = "tenant";
    static final String ROLES = "roles";
    static final String CONVERSATIONS = "conversations";

    /** Longer than any token should be, so that what is refused anyway is not decoded first. */
    private static final int MAX_LENGTH = 8 * 1024;

    private static final Duration CLOCK_SKEW = Duration.ofSeconds(30);

    private final JWSVerifier verifier;
    private final String defaultTenant;
    private final Clock clock;

    private JwtAuthenticator(byte[] secret, String defaultTenant, Clock clock) {
        TokenMint.checkId("the default tenant", defaultTenant);
        try {
            this.verifier = new MACVerifier(SigningKey.key(secret));
        } catch (JOSEException e) {
            throw new IllegalArgumentException(e);
        }
        this.defaultTenant = defaultTenant;
        this.clock = clock;
    }

    /**
     * Takes JWTs signed with HS256 (RFC 7519, RFC 7518 section 3.2). Claims: {@code sub} and {@code exp} are required; {@code nbf} is
     * honoured; {@code tenant} is an id; {@code roles} is an array of {@code user} and {@code agent}, by default
     * {@code ["user"]}; {@code conversations} is an array of ids or {@code "*"}, by default empty. Clocks may differ by 30 s.
     *
     * <p>It has done its work once when this returns: the JDK's providers are looked up and checked on first use, which may block.
     *
     * @param secret at least 32 bytes
     * @param defaultTenant the tenant of a token that names none
     * @throws IllegalArgumentException when the secret is too short or the tenant is not an id
     */
    public static JwtAuthenticator of(byte[] secret, String defaultTenant, Clock clock) {
        JwtAuthenticator authenticator = new JwtAuthenticator(secret, defaultTenant, clock);
        String token = new TokenMint(secret, clock)
                .mint("warm-up", defaultTenant, Set.of(Role.USER), Set.of(), Duration.ofMinutes(1));
        if (!authenticator.authenticate(token).tenant().equals(defaultTenant)) {
            throw new IllegalStateException("a token does not say what was written into it");
        }
        return authenticator;
    }

    @Override
    public Principal authenticate(@Nullable String token) {
        if (token == null || token.isBlank()) {
            throw refused("the token is missing: send it as Authorization: Bearer <token>");
        }
        try {
            return principal(verified(token).getJWTClaimsSet());
        } catch (ParseException e) {
            // Its message may quote the token.
            throw refused("the token is malformed: it must be a JWT whose claims have the types of RFC 7519");
        }
    }

    private SignedJWT verified(String token) throws ParseException {
        if (token.length() > MAX_LENGTH) {
            throw refused("the token is too long: at most " + MAX_LENGTH + " characters are read");
        }
        JWT jwt = JWTParser.parse(token);
        if (!(jwt instanceof SignedJWT signed)
                || !JWSAlgorithm.HS256.equals(jwt.getHeader().getAlgorithm())) {
            throw refused("the token's algorithm is refused: it must be signed with HS256");
        }
        try {
            if (!signed.verify(verifier)) {
                throw refused("the token's signature is wrong: it was made with another secret, or changed since");
            }
        } catch (JOSEException e) {
            throw new IllegalStateException("the token's signature can't be computed", e);
        }
        return signed;
    }

    private Principal principal(JWTClaimsSet claims) throws ParseException {
        return new Principal(
                id("sub", claims.getSubject()),
                tenant(claims.getStringClaim(TENANT)),
                roles(claims.getStringListClaim(ROLES)),
                conversations(claims.getClaim(CONVERSATIONS)),
                expires(claims),
                false);
    }

    private String tenant(@Nullable String tenant) {
        return tenant == null ? defaultTenant : id(TENANT, tenant);
    }

    private static Set<Role> roles(@Nullable List<String> names) {
        if (names == null) {
            return Set.of(Role.USER);
        }
        Set<Role> roles = EnumSet.noneOf(Role.class);
        for (String name : names) {
            Role role = Role.of(name);
            if (role == null) {
                throw refused("the token's roles has an unknown role: known are user and agent");
            }
            roles.add(role);
        }
        return roles;
    }

    private static Set<String> conversations(@Nullable Object claim) {
        if (claim == null) {
            return Set.of();
        }
        if (claim.equals(Principal.ANY)) {
            return Set.of(Principal.ANY);
        }
        if (!(claim instanceof List<?> list)) {
            throw refused("the token's conversations must be an array of ids or \"*\"");
        }
        return Set.copyOf(list.stream()
                .map(element -> id(CONVERSATIONS, element instanceof String string ? string : null))
                .toList());
    }

    /** When the token runs out, the clocks' difference included; refuses one that has, or is not good yet. */
    private Instant expires(JWTClaimsSet claims) {
        if (claims.getExpirationTime() == null) {
            throw refused("the token's exp is missing: tokens must expire");
        }
        Instant now = clock.instant();
        Instant expires = claims.getExpirationTime().toInstant().plus(CLOCK_SKEW);
        if (claims.getNotBeforeTime() != null
                && now.plus(CLOCK_SKEW).isBefore(claims.getNotBeforeTime().toInstant())) {
            throw refused("the token is not good yet: its nbf is in the future");
        }
        if (!now.isBefore(expires)) {
            throw ParleyException.expiredToken("the token has expired: get a new one");
        }
        return expires;
    }

    private static String id(String claim, @Nullable String id) {
        if (id == null || !Ids.valid(id)) {
            throw refused("the token's " + claim + " " + Ids.RULE);
        }
        return id;
    }

    private static ParleyException refused(String message) {
        return ParleyException.of(ErrorCode.UNAUTHENTICATED, message);
    }
}
