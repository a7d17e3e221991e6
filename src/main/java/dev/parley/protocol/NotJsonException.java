package dev.parley.protocol;

/** A client's frame is not JSON, so the socket is closed. Carries no stack trace. */
public final class NotJsonException extends RuntimeException {

    private static final long serialVersionUID = 1;

    NotJsonException(String message) {
        super(message, null, false, false);
    }
}
