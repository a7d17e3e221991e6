package dev.parley.resilience;

import dev.parley.auth.Access;
import dev.parley.event.AgentEvent;
import org.jspecify.annotations.Nullable;

/**
 * An event that was accepted and is not in its log yet.
 *
 * @param event has an id, under which it may be appended again and again
 * @param access who publishes it; the log checks that when it gets the event
 * @param spilled where an earlier process wrote it down; null when this one accepted it
 */
public record QueuedEvent(
        AgentEvent event, Access access, @Nullable SpillOffset spilled) {

    public QueuedEvent(AgentEvent event, Access access) {
        this(event, access, null);
    }
}
