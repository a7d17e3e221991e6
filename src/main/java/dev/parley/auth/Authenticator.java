package dev.parley.auth;

import org.jspecify.annotations.Nullable;

/** Finds out who is asking. Thread-safe; takes microseconds and never blocks. */
@FunctionalInterface
public interface Authenticator {

    /**
     * The principal that a token speaks for.
     *
     * @param token as it came, null when none came
     * @throws dev.parley.error.ParleyException with {@code unauthenticated} when it speaks for nobody; the message never repeats the token
     */
    Principal authenticate(@Nullable String token);

    /** Asks nobody: whoever comes is {@link Principal#local}. */
    static Authenticator none(String tenant) {
        Principal local = Principal.local(tenant);
        return token -> local;
    }
}
