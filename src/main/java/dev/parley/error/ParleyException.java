package dev.parley.error;

import java.util.List;

/** A request that is rejected. The message is for the caller: it names the field and the fix. Carries no stack trace. */
public final class ParleyException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private static final int DEFAULT_RETRY_MS = 1_000;

    private final ErrorCode code;
    private final int retryMs;
    private final boolean expiredToken;
    private final transient List<String> headers;

    private ParleyException(ErrorCode code, String message, int retryMs, boolean expiredToken, List<String> headers) {
        super(message, null, false, false);
        this.code = code;
        this.expiredToken = expiredToken;
        this.retryMs = retryMs;
        this.headers = List.copyOf(headers);
    }

    public static ParleyException of(ErrorCode code, String message) {
        return new ParleyException(code, message, code.temporary() ? DEFAULT_RETRY_MS : 0, false, List.of());
    }

    /** A token that was valid and has expired: the client may return with a new one. */
    public static ParleyException expiredToken(String message) {
        return new ParleyException(ErrorCode.UNAUTHENTICATED, message, 0, true, List.of());
    }

    /**
     * Too many requests until then.
     *
     * @param headers additional HTTP headers, names and values in turn
     */
    public static ParleyException rateLimited(String message, int retryMs, List<String> headers) {
        return new ParleyException(ErrorCode.RATE_LIMITED, message, retryMs, false, headers);
    }

    public static ParleyException badRequest(String message) {
        return of(ErrorCode.BAD_REQUEST, message);
    }

    /** Whether an error is a rejection for this reason. */
    public static boolean is(Throwable e, ErrorCode code) {
        return e instanceof ParleyException refusal && refusal.code == code;
    }

    public ErrorCode code() {
        return code;
    }

    /** Time after which to retry, in milliseconds; 0 when the rejection is final. */
    public int retryMs() {
        return retryMs;
    }

    /** Whether it was rejected only because the token has expired. */
    public boolean isExpiredToken() {
        return expiredToken;
    }

    /** Additional HTTP headers, names and values in turn. */
    public List<String> headers() {
        return headers;
    }
}
