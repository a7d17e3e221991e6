package dev.parley.error;

import java.util.Locale;

/** The reason of a rejection, for frames and for HTTP alike. */
public enum ErrorCode {
    BAD_REQUEST(400, false),
    UNAUTHENTICATED(401, false),
    FORBIDDEN(403, false),
    NOT_FOUND(404, false),
    GONE(410, false),
    CONFLICT(409, false),
    TOO_LARGE(413, false),
    RATE_LIMITED(429, true),
    OVERLOADED(503, true),
    UNAVAILABLE(503, true),
    INTERNAL(500, false);

    private final String wire = name().toLowerCase(Locale.ROOT);
    private final int httpStatus;
    private final boolean temporary;

    ErrorCode(int httpStatus, boolean temporary) {
        this.httpStatus = httpStatus;
        this.temporary = temporary;
    }

    /** The code in an {@code error} frame. */
    public String wire() {
        return wire;
    }

    public int httpStatus() {
        return httpStatus;
    }

    /** Whether the same request may succeed later. */
    public boolean temporary() {
        return temporary;
    }
}
