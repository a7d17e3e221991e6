package dev.parley.hub;

import dev.parley.event.AgentEvent;
import dev.parley.event.Position;
import dev.parley.log.Joined;
import dev.parley.log.LiveMessage;

/** What a conversation is told, by whatever thread. */
sealed interface Input {

    /** A durable event was appended. */
    record Live(LiveMessage message) implements Input {}

    /** An event came by plain Pub/Sub. */
    record Ephemeral(AgentEvent event) implements Input {}

    /** Redis has acknowledged the subscription to the live channel, for the first time or again. */
    record Acknowledged() implements Input {}

    record Join(Seat seat) implements Input {}

    record Leave(Seat seat) implements Input {}

    /** A seat's turn to read the log, again or at last. */
    record Turn(Seat seat) implements Input {}

    record Read(Seat seat, Joined joined) implements Input {}

    record ReadFailed(Seat seat, Throwable error) implements Input {}

    record Repaired(Joined joined) implements Input {}

    record RepairFailed(Throwable error) implements Input {}

    /** Time to try the repair again. */
    record RepairTurn() implements Input {}

    /** The log's last position, asked for when the conversation was at another. */
    record Checked(Position asked, Position last) implements Input {}
}
