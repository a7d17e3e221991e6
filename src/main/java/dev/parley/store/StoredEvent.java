package dev.parley.store;

import dev.parley.event.Position;

/**
 * What became of an event.
 *
 * @param position where it is in the log
 * @param duplicate it was there already and nothing was added
 * @param agent who is spoken to, for what goes on to an inbox; else empty
 * @param toInbox its way to the inbox is still to be finished
 */
public record StoredEvent(Position position, boolean duplicate, String agent, boolean toInbox) {}
