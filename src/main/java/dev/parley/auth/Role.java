package dev.parley.auth;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a principal may do: a user sends and cancels; an agent publishes; both read. A principal may be both. */
public enum Role {
    USER,
    AGENT;

    private final String wire = name().toLowerCase(Locale.ROOT);

    /** As it is written in a token. */
    public String wire() {
        return wire;
    }

    /** The role that is written so in a token, null when there is none. */
    static @Nullable Role of(@Nullable String wire) {
        for (Role role : values()) {
            if (role.wire.equals(wire)) {
                return role;
            }
        }
        return null;
    }
}
