package dev.parley.store;

import dev.parley.auth.Access;
import dev.parley.event.AgentEvent;
import dev.parley.resilience.QueuedEvent;
import dev.parley.resilience.SpillOffset;
import org.jspecify.annotations.Nullable;

/**
 * An event on its way into its conversation's log.
 *
 * @param sourceId where its source has it, a durable stream or a spilled queue; what one source has is appended once and in order
 * @param access who writes; null for agents that write to Redis themselves
 */
public record AppendRequest(
        AgentEvent event,
        @Nullable String sourceId,
        @Nullable Access access) {

    public static AppendRequest by(Access access, AgentEvent event) {
        return new AppendRequest(event, null, access);
    }

    /** One that waited: under the place, too, that it had when it was written down. */
    public static AppendRequest queued(QueuedEvent queued) {
        SpillOffset spilled = queued.spilled();
        return new AppendRequest(queued.event(), spilled == null ? null : spilled.sourceId(), queued.access());
    }

    public static AppendRequest from(String sourceId, AgentEvent event) {
        return new AppendRequest(event, sourceId, null);
    }
}
