package dev.parley.auth;

import java.time.Clock;
import org.jspecify.annotations.Nullable;

/** Finds out who is asking. Thread-safe; takes microseconds and never blocks. */
@FunctionalInterface
public interface Authenticator {

    /**
     * The principal that a token speaks for.
     *
     * @param token as it came, null when none came
     * @throws dev.parley.frame.Refusal with {@code unauthenticated} when it speaks for nobody; the message never repeats the token
     */
    Principal authenticate(@Nullable String token);

    /** Asks nobody: whoever comes is {@link Principal#local}. */
    static Authenticator none(String tenant) {
        Principal local = Principal.local(tenant);
        return token -> local;
    }

    /**
     * Takes JWTs signed with HS256 (RFC 7519, RFC 7518 section 3.2). Claims: {@code sub} and {@code exp} are required; {@code nbf} is
     * honoured; {@code tenant} is an id; {@code roles} is an array of {@code user} and {@code agent}, by default
     * {@code ["user"]}; {@code conversations} is an array of ids or {@code "*"}, by default empty. Clocks may differ by 30 s.
     *
     * @param secret at least 32 bytes
     * @param defaultTenant the tenant of a token that names none
     * @throws IllegalArgumentException when the secret is too short or the tenant is not an id
     */
    static Authenticator jwt(byte[] secret, String defaultTenant, Clock clock) {
        return JwtAuthenticator.warm(secret, defaultTenant, clock);
    }
}
