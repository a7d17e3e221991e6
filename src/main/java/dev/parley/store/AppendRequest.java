package dev.parley.store;

import dev.parley.auth.Access;
import dev.parley.event.AgentEvent;
import dev.parley.resilience.QueuedEvent;
import dev.parley.resilience.SpillOffset;
import org.jspecify.annotations.Nullable;

/**
 * An event to be appended to its conversation's log.
 *
 * @param sourceId the event's id in its source, a durable stream or a spill file; events of one source are appended once and in order
 * @param access the publisher's; null for agents that write to Redis themselves
 */
public record AppendRequest(
        AgentEvent event,
        @Nullable String sourceId,
        @Nullable Access access) {

    public static AppendRequest by(Access access, AgentEvent event) {
        return new AppendRequest(event, null, access);
    }

    /** A request for an event that was queued; with its place in the spill file, if it was there. */
    public static AppendRequest queued(QueuedEvent queued) {
        SpillOffset spilled = queued.spilled();
        return new AppendRequest(queued.event(), spilled == null ? null : spilled.sourceId(), queued.access());
    }

    public static AppendRequest from(String sourceId, AgentEvent event) {
        return new AppendRequest(event, sourceId, null);
    }
}
