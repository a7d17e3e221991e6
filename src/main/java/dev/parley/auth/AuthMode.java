package dev.parley.auth;

/** How callers authenticate. */
public enum AuthMode {
    /** No authentication: everybody on this machine may use the gateway. */
    NONE,
    /** By a signed token. */
    JWT;

    /** Whether only same-origin and loopback pages may use the gateway, because no token keeps other pages out. */
    public boolean checksOrigin() {
        return this == NONE;
    }
}
