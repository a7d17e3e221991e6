package dev.parley.session;

import java.util.Locale;

/** The source of a session: Redis, or the record. */
public enum ReadSource {
    LIVE,
    ARCHIVE;

    private final String wire = name().toLowerCase(Locale.ROOT);

    public String wire() {
        return wire;
    }
}
