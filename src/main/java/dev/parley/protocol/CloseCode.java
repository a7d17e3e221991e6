package dev.parley.protocol;

/**
 * The reason for which a socket is closed, and whether its client should reconnect. Codes from 3000 are Parley's own. PROTOCOL.md and
 * parley.js have the same table. The gateway does not send {@link #GOING_AWAY}, {@link #FORBIDDEN} and {@link #TOO_MANY} yet: they are
 * reserved.
 */
public enum CloseCode {
    DRAINING(3001, "the node is draining", true),
    EXPIRED(3005, "the token ran out", true),
    SLOW(3008, "too slow: resume with since", true),
    SILENT(3012, "no heartbeat", true),
    RATE_LIMITED(3013, "rate limited", true),
    REFUSED(3500, "the token is refused", false),
    UNREADABLE(3501, "frames must be JSON text, the first one auth where there is no token", false),
    FORBIDDEN(3507, "forbidden", false),
    TOO_MANY(3508, "too many connections", false),
    GOING_AWAY(1001, "going away", true),
    PROTOCOL_ERROR(1002, "protocol error", false),
    INVALID_UTF8(1007, "invalid UTF-8", false),
    TOO_LARGE(1009, "frame too large", false);

    private final int code;
    private final String reason;
    private final boolean comeBack;

    CloseCode(int code, String reason, boolean comeBack) {
        this.code = code;
        this.reason = reason;
        this.comeBack = comeBack;
    }

    public int code() {
        return code;
    }

    public String reason() {
        return reason;
    }

    public boolean comeBack() {
        return comeBack;
    }
}
