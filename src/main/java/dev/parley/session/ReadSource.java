package dev.parley.session;

import java.util.Locale;

/** Where a session was read: in Redis, or in the record. */
public enum ReadSource {
    LIVE,
    ARCHIVE;

    private final String wire = name().toLowerCase(Locale.ROOT);

    public String wire() {
        return wire;
    }
}
