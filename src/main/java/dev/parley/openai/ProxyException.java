package dev.parley.openai;

/** What the gateway itself refuses here, where {@link dev.parley.frame.Refusal} has no status for it. Carries no stack trace. */
final class ProxyException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final int status;
    private final String code;

    ProxyException(int status, String code, String message) {
        super(message, null, false, false);
        this.status = status;
        this.code = code;
    }

    int status() {
        return status;
    }

    String code() {
        return code;
    }
}
