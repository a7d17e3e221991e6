/**
 * The agent's event and its position.
 *
 * <p>{@link dev.parley.event.EventCodec} parses an event's bytes once, and keeps what Parley routes by in an {@link
 * dev.parley.event.AgentEvent}; the bytes themselves are not changed. A {@link dev.parley.event.Position} is a place in a conversation's
 * log.
 */
@NullMarked
package dev.parley.event;

import org.jspecify.annotations.NullMarked;
