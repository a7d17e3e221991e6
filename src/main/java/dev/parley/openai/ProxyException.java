package dev.parley.openai;

/** An error of the gateway itself with a status that {@link dev.parley.error.ParleyException} does not have. Carries no stack trace. */
final class ProxyException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final int status;
    private final String code;
    private final boolean lasting;

    ProxyException(int status, String code, String message) {
        this(status, code, message, false);
    }

    private ProxyException(int status, String code, String message, boolean lasting) {
        super(message, null, false, false);
        this.status = status;
        this.code = code;
        this.lasting = lasting;
    }

    /** A fault of the configuration that no retry can help. Clients learn that. */
    static ProxyException lasting(int status, String code, String message) {
        return new ProxyException(status, code, message, true);
    }

    boolean isLasting() {
        return lasting;
    }

    int status() {
        return status;
    }

    String code() {
        return code;
    }
}
