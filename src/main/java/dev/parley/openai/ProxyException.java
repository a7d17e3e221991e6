package dev.parley.openai;

/** What the gateway itself refuses here, where {@link dev.parley.error.ParleyException} has no status for it. Carries no stack trace. */
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

    /** A fault of the configuration: the same again, however often it is tried. Clients are told so. */
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
