package dev.parley.resilience;

import dev.parley.auth.Access;
import dev.parley.event.AgentEvent;
import org.jspecify.annotations.Nullable;

/**
 * An event that was accepted and is not in its log yet.
 *
 * @param event has an id, so that it may be appended repeatedly
 * @param access the publisher's; the log checks it when it receives the event
 * @param spilled the event's place in an earlier process' file; null if this process accepted it
 */
public record QueuedEvent(
        AgentEvent event, Access access, @Nullable SpillOffset spilled) {

    public QueuedEvent(AgentEvent event, Access access) {
        this(event, access, null);
    }
}
