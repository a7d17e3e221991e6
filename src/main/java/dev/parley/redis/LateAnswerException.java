package dev.parley.redis;

/** A large answer did not come in time. That says nothing about Redis: the answer may be on its way. */
public final class LateAnswerException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public LateAnswerException(String message) {
        super(message, null, false, false);
    }
}
