package dev.parley.hub;

import dev.parley.event.AgentEvent;
import dev.parley.event.Position;
import dev.parley.frame.Refusal;
import dev.parley.log.Joined;
import dev.parley.outage.Queued;
import org.jspecify.annotations.Nullable;

/** What a conversation is told, by whatever thread; it takes one at a time. */
sealed interface Input {

    /** Called by the mailbox of the conversation's event loop. */
    void reach();

    /** Bytes of what it brings, where that comes as fast as others send it. */
    default int size() {
        return 0;
    }

    /** A durable event was appended: a message of the live channel, as it came. */
    record Live(Conversation to, byte[] message) implements Input {
        @Override
        public void reach() {
            to.heard(message);
        }

        @Override
        public int size() {
            return message.length;
        }
    }

    /** An event came by plain Pub/Sub. */
    record Ephemeral(Conversation to, AgentEvent event) implements Input {
        @Override
        public void reach() {
            to.passOn(event);
        }

        @Override
        public int size() {
            return event.bytes().length;
        }
    }

    /** An event of this conversation waits for Redis. */
    record Waits(Conversation to, Queued event, @Nullable String behind) implements Input {
        @Override
        public void reach() {
            to.queued(event, behind);
        }
    }

    /** An event that waited is in the log. */
    record Placed(Conversation to, String eventId, Position at) implements Input {
        @Override
        public void reach() {
            to.placed(eventId, at);
        }
    }

    /** An event that waited was refused in the end. */
    record Refused(Conversation to, String eventId) implements Input {
        @Override
        public void reach() {
            to.refused(eventId);
        }
    }

    /** Redis has acknowledged the subscription to the live channel, for the first time or again. */
    record Acknowledged(Conversation to) implements Input {
        @Override
        public void reach() {
            to.subscribed();
        }
    }

    record Join(Conversation to, Seat seat) implements Input {
        @Override
        public void reach() {
            to.join(seat);
        }
    }

    record Leave(Conversation to, Seat seat) implements Input {
        @Override
        public void reach() {
            to.leave(seat);
        }
    }

    /** A seat's turn to read the log, again or at last. */
    record Turn(Conversation to, Seat seat) implements Input {
        @Override
        public void reach() {
            to.readLog(seat);
        }
    }

    record Read(Conversation to, Seat seat, Joined joined) implements Input {
        @Override
        public void reach() {
            to.read(seat, joined);
        }
    }

    record ReadFailed(Conversation to, Seat seat, Throwable error) implements Input {
        @Override
        public void reach() {
            to.readFailed(seat, error);
        }
    }

    /** The log could not be read, and this is known all the same. */
    record Recalled(Conversation to, Seat seat, Memory.Recalled recalled) implements Input {
        @Override
        public void reach() {
            to.recalled(seat, recalled);
        }
    }

    /** The log could not be read, and nothing is known. */
    record NotRecalled(Conversation to, Seat seat, Refusal refusal) implements Input {
        @Override
        public void reach() {
            to.refuse(seat, refusal);
        }
    }

    /** Time to look for ephemeral runs that are lost. */
    record LookForLost(Conversation to) implements Input {
        @Override
        public void reach() {
            to.endLostRuns();
        }
    }

    /**
     * The log's last position, asked for when the conversation was at another, or when the log was known to have had a later one.
     *
     * @param stored what the log had for certain before it was asked
     */
    record Checked(Conversation to, Position asked, Position last, Position stored) implements Input {
        @Override
        public void reach() {
            to.checked(asked, last, stored);
        }
    }

    record Repaired(Conversation to, Joined joined) implements Input {
        @Override
        public void reach() {
            to.repaired(joined);
        }
    }

    record RepairFailed(Conversation to, Throwable error) implements Input {
        @Override
        public void reach() {
            to.repairFailed(error);
        }
    }

    /** Time to try the repair again. */
    record RepairTurn(Conversation to) implements Input {
        @Override
        public void reach() {
            to.repairOn();
        }
    }
}
