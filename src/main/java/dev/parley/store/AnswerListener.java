package dev.parley.store;

/** Receives the answer to a conversation's first message, if that answer may be kept: see {@link RedisEventStore#keepAnswer}. */
@FunctionalInterface
public interface AnswerListener {

    AnswerListener NOBODY = (conversation, note) -> {};

    /**
     * The answer is among the conversation's messages.
     *
     * @param note the note stored with the message
     */
    void answered(String conversation, String note);
}
