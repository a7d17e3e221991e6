package dev.parley.frame;

/** A request that is refused aloud. The message is for the caller: it names the field and the fix. Carries no stack trace. */
public final class Refusal extends RuntimeException {

    private static final long serialVersionUID = 1;

    private static final int DEFAULT_RETRY_MS = 1_000;

    private final ErrorCode code;
    private final int retryMs;

    private Refusal(ErrorCode code, String message, int retryMs) {
        super(message, null, false, false);
        this.code = code;
        this.retryMs = retryMs;
    }

    public static Refusal of(ErrorCode code, String message) {
        return new Refusal(code, message, code.temporary() ? DEFAULT_RETRY_MS : 0);
    }

    public static Refusal badRequest(String message) {
        return of(ErrorCode.BAD_REQUEST, message);
    }

    public ErrorCode code() {
        return code;
    }

    /** When to try again, in milliseconds; 0 when the refusal is final. */
    public int retryMs() {
        return retryMs;
    }
}
