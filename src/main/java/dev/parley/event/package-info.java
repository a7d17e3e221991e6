/**
 * The agent's event and its place in a log.
 *
 * <p>{@link dev.parley.event.EventCodec} reads an event's bytes once, to the last byte, and keeps what Parley routes by in an
 * {@link dev.parley.event.AgentEvent}; the bytes themselves go on unchanged. A {@link dev.parley.event.Position} names a place
 * in a conversation's log.
 */
@NullMarked
package dev.parley.event;

import org.jspecify.annotations.NullMarked;
