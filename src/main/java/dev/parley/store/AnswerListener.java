package dev.parley.store;

/** Hears when the first message of a conversation has its answer, and that answer may be kept: see {@link RedisEventStore#keepAnswer}. */
@FunctionalInterface
public interface AnswerListener {

    AnswerListener NOBODY = (conversation, note) -> {};

    /**
     * The answer is among the conversation's messages.
     *
     * @param note what was noted with the message
     */
    void answered(String conversation, String note);
}
