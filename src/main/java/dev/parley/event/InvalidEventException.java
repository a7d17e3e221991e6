package dev.parley.event;

/** An event that can't be taken; the message names the field and the fix. Carries no stack trace. */
public final class InvalidEventException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public InvalidEventException(String message) {
        super(message, null, false, false);
    }
}
