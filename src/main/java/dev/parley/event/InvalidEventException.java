package dev.parley.event;

/** An event that is rejected; the message names the field and the fix. Carries no stack trace. */
public final class InvalidEventException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final boolean tooLarge;

    public InvalidEventException(String message) {
        this(message, false);
    }

    private InvalidEventException(String message, boolean tooLarge) {
        super(message, null, false, false);
        this.tooLarge = tooLarge;
    }

    static InvalidEventException tooLarge(int bytes) {
        return new InvalidEventException(
                "the event has " + bytes + " bytes; at most " + AgentEvent.MAX_BYTES + " are accepted", true);
    }

    /** Whether the event was rejected for its size alone. */
    public boolean tooLarge() {
        return tooLarge;
    }
}
