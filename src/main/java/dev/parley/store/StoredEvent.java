package dev.parley.store;

import dev.parley.event.Position;

/**
 * The outcome of an appended event.
 *
 * @param position its place in the log
 * @param duplicate whether it was there already and nothing was added
 * @param agent the current agent, for events that go on to an inbox; otherwise empty
 * @param toInbox whether it still has to be delivered to the inbox
 */
public record StoredEvent(Position position, boolean duplicate, String agent, boolean toInbox) {}
