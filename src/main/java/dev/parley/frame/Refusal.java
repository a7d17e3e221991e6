package dev.parley.frame;

import java.util.List;

/** A request that is refused aloud. The message is for the caller: it names the field and the fix. Carries no stack trace. */
public final class Refusal extends RuntimeException {

    private static final long serialVersionUID = 1;

    private static final int DEFAULT_RETRY_MS = 1_000;

    private final ErrorCode code;
    private final int retryMs;
    private final transient List<String> headers;

    private Refusal(ErrorCode code, String message, int retryMs, List<String> headers) {
        super(message, null, false, false);
        this.code = code;
        this.retryMs = retryMs;
        this.headers = List.copyOf(headers);
    }

    public static Refusal of(ErrorCode code, String message) {
        return new Refusal(code, message, code.temporary() ? DEFAULT_RETRY_MS : 0, List.of());
    }

    /**
     * Too much, at least until then.
     *
     * @param headers what HTTP says beside it, names and values in turn
     */
    public static Refusal rateLimited(String message, int retryMs, List<String> headers) {
        return new Refusal(ErrorCode.RATE_LIMITED, message, retryMs, headers);
    }

    public static Refusal badRequest(String message) {
        return of(ErrorCode.BAD_REQUEST, message);
    }

    /** Whether something failed for this reason. */
    public static boolean is(Throwable e, ErrorCode code) {
        return e instanceof Refusal refusal && refusal.code == code;
    }

    public ErrorCode code() {
        return code;
    }

    /** When to try again, in milliseconds; 0 when the refusal is final. */
    public int retryMs() {
        return retryMs;
    }

    /** What HTTP says beside it, names and values in turn. */
    public List<String> headers() {
        return headers;
    }
}
