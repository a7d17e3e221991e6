/**
 * The event of an agent, and its place in a log. {@link dev.parley.event.EventCodec} reads the bytes of an event once and keeps what
 * Parley routes by in an {@link dev.parley.event.AgentEvent}. A {@link dev.parley.event.Position} names a place in the log of a
 * conversation. The package does not change the bytes of an event, and does no I/O.
 */
@NullMarked
package dev.parley.event;

import org.jspecify.annotations.NullMarked;
