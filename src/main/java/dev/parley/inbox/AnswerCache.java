package dev.parley.inbox;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Answers to what people ask agents again and again. Only a conversation's first message may be one of these. */
public interface AnswerCache {

    /**
     * What is asked.
     *
     * @param tenant whose the conversation is in which it is asked
     * @param category how long its answer holds
     */
    record Question(String tenant, String agent, String category, String text) {}

    /**
     * An answer that was given before.
     *
     * @param kind how it was found
     * @param entry names it, for a report that it was wrong
     */
    record Known(String text, String kind, String entry, long ageMillis) {}

    /** Throws a {@link dev.parley.error.ParleyException} {@code bad_request} when there is no such category. */
    void requireCategory(String category);

    /**
     * The category that a message to an agent falls into; null: it is for the agent alone.
     *
     * @param asked what its sender says
     */
    @Nullable
    String category(String agent, @Nullable String asked);

    /** Empty when there is none. Cold; soon, and never fails. */
    Mono<Known> find(Question question);

    /** Keeps what an agent has answered, if it may be kept. Cold; never fails. */
    Mono<Void> keep(Question question, String answer);
}
