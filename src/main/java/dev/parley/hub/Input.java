package dev.parley.hub;

import dev.parley.event.AgentEvent;
import dev.parley.event.Position;
import dev.parley.frame.Refusal;
import dev.parley.log.Joined;
import dev.parley.outage.Queued;
import org.jspecify.annotations.Nullable;

/** What a conversation is told, by whatever thread; it takes one at a time. */
sealed interface Input {

    /** Called by the conversation's mailbox. */
    void reach(Conversation conversation);

    /** A durable event was appended: a message of the live channel, as it came. */
    record Live(byte[] message) implements Input {
        @Override
        public void reach(Conversation conversation) {
            conversation.taken(message.length);
            conversation.heard(message);
        }
    }

    /** An event came by plain Pub/Sub. */
    record Ephemeral(AgentEvent event) implements Input {
        @Override
        public void reach(Conversation conversation) {
            conversation.taken(event.bytes().length);
            conversation.passOn(event);
        }
    }

    /** An event of this conversation waits for Redis. */
    record Waits(Queued event, @Nullable Position after) implements Input {
        @Override
        public void reach(Conversation conversation) {
            conversation.queued(event, after);
        }
    }

    /** An event that waited is in the log. */
    record Placed(String eventId, Position at) implements Input {
        @Override
        public void reach(Conversation conversation) {
            conversation.placed(eventId, at);
        }
    }

    /** An event that waited was refused in the end. */
    record Refused(String eventId) implements Input {
        @Override
        public void reach(Conversation conversation) {
            conversation.refused(eventId);
        }
    }

    /** Redis has acknowledged the subscription to the live channel, for the first time or again. */
    record Acknowledged() implements Input {
        @Override
        public void reach(Conversation conversation) {
            conversation.subscribed();
        }
    }

    record Join(Seat seat) implements Input {
        @Override
        public void reach(Conversation conversation) {
            conversation.join(seat);
        }
    }

    record Leave(Seat seat) implements Input {
        @Override
        public void reach(Conversation conversation) {
            conversation.leave(seat);
        }
    }

    /** A seat's turn to read the log, again or at last. */
    record Turn(Seat seat) implements Input {
        @Override
        public void reach(Conversation conversation) {
            conversation.readLog(seat);
        }
    }

    record Read(Seat seat, Joined joined) implements Input {
        @Override
        public void reach(Conversation conversation) {
            conversation.read(seat, joined);
        }
    }

    record ReadFailed(Seat seat, Throwable error) implements Input {
        @Override
        public void reach(Conversation conversation) {
            conversation.readFailed(seat, error);
        }
    }

    /** The log could not be read, and this is known all the same. */
    record Recalled(Seat seat, Memory.Recalled recalled) implements Input {
        @Override
        public void reach(Conversation conversation) {
            conversation.recalled(seat, recalled);
        }
    }

    /** The log could not be read, and nothing is known. */
    record NotRecalled(Seat seat, Refusal refusal) implements Input {
        @Override
        public void reach(Conversation conversation) {
            conversation.refuse(seat, refusal);
        }
    }

    /** Time to look for ephemeral runs that are lost. */
    record LookForLost() implements Input {
        @Override
        public void reach(Conversation conversation) {
            conversation.endLostRuns();
        }
    }

    /**
     * The log's last position, asked for when the conversation was at another, or when the log was known to have had a later one.
     *
     * @param stored what the log had for certain before it was asked
     */
    record Checked(Position asked, Position last, Position stored) implements Input {
        @Override
        public void reach(Conversation conversation) {
            conversation.checked(asked, last, stored);
        }
    }

    record Repaired(Joined joined) implements Input {
        @Override
        public void reach(Conversation conversation) {
            conversation.repaired(joined);
        }
    }

    record RepairFailed(Throwable error) implements Input {
        @Override
        public void reach(Conversation conversation) {
            conversation.repairFailed(error);
        }
    }

    /** Time to try the repair again. */
    record RepairTurn() implements Input {
        @Override
        public void reach(Conversation conversation) {
            conversation.repairOn();
        }
    }
}
