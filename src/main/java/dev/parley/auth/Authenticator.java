package dev.parley.auth;

import org.jspecify.annotations.Nullable;

/** Authenticates callers. Thread-safe; takes microseconds and never blocks. */
@FunctionalInterface
public interface Authenticator {

    /**
     * The principal of a token.
     *
     * @param token as received, null without one
     * @throws dev.parley.error.ParleyException with {@code unauthenticated} when it is invalid; the message never repeats the token
     */
    Principal authenticate(@Nullable String token);

    /** Accepts every caller as {@link Principal#local}. */
    static Authenticator none(String tenant) {
        Principal local = Principal.local(tenant);
        return token -> local;
    }
}
