package dev.parley.inbox;

import dev.parley.protocol.MessageContent;
import org.jspecify.annotations.Nullable;

/**
 * A message of a person.
 *
 * @param content what was said
 * @param messageId the same id again adds nothing; made when null
 * @param metadata a JSON object for the agent, or null
 * @param cache the category in which its answer may be a known one; null: what holds for its agent
 */
public record UserMessage(
        String conversation,
        MessageContent content,
        @Nullable String messageId,
        byte @Nullable [] metadata,
        @Nullable String cache) {}
