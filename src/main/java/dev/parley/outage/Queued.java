package dev.parley.outage;

import dev.parley.auth.Access;
import dev.parley.event.AgentEvent;

/**
 * An event that was accepted and is not in its log yet.
 *
 * @param event has an id, under which it may be appended again and again
 * @param access who publishes it; the log checks that when it gets the event
 */
public record Queued(AgentEvent event, Access access) {}
