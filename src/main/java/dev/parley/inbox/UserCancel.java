package dev.parley.inbox;

import org.jspecify.annotations.Nullable;

/**
 * A person's wish to stop a run.
 *
 * @param messageId the same id again adds nothing; made when null
 * @param run the run to stop; null for whatever is in progress
 */
public record UserCancel(
        String conversation,
        @Nullable String messageId,
        @Nullable String run,
        @Nullable String reason) {}
