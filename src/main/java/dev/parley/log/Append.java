package dev.parley.log;

import dev.parley.auth.Access;
import dev.parley.event.AgentEvent;
import dev.parley.outage.Queued;
import dev.parley.outage.Spilled;
import org.jspecify.annotations.Nullable;

/**
 * An event on its way into its conversation's log.
 *
 * @param sourceId where its source has it, a durable stream or a spilled queue; what one source has is appended once and in order
 * @param access who writes; null for agents that write to Redis themselves
 */
public record Append(
        AgentEvent event,
        @Nullable String sourceId,
        @Nullable Access access) {

    public static Append by(Access access, AgentEvent event) {
        return new Append(event, null, access);
    }

    /** One that waited: under the place, too, that it had when it was written down. */
    static Append queued(Queued queued) {
        Spilled spilled = queued.spilled();
        return new Append(queued.event(), spilled == null ? null : spilled.sourceId(), queued.access());
    }

    public static Append from(String sourceId, AgentEvent event) {
        return new Append(event, sourceId, null);
    }
}
