package dev.parley.redis;

/** A large answer did not arrive in time. Redis may be available nevertheless: the answer may be on its way. */
public final class LateAnswerException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public LateAnswerException(String message) {
        super(message, null, false, false);
    }
}
