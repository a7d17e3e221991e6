package dev.parley.log;

import dev.parley.auth.Access;
import dev.parley.event.AgentEvent;
import org.jspecify.annotations.Nullable;

/**
 * An event on its way into its conversation's log.
 *
 * @param sourceId where a durable stream has it; entries of a stream are appended once and in order
 * @param access who writes; null for agents that write to Redis themselves
 */
public record Append(
        AgentEvent event,
        @Nullable String sourceId,
        @Nullable Access access) {

    public static Append by(Access access, AgentEvent event) {
        return new Append(event, null, access);
    }

    public static Append from(String sourceId, AgentEvent event) {
        return new Append(event, sourceId, null);
    }
}
