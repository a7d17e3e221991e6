package dev.parley.hub;

import dev.parley.event.Position;
import org.jspecify.annotations.Nullable;

/**
 * How far a subscription is.
 *
 * <pre>
 *   AwaitingAck ──── reads ───► Reading ──── caughtUp ──────────► Live
 *     │     ▲                    │ │ ▲ ▲                           │
 *     │     │ awaitsAck          │ │ │ └────────── reads ──────────┘
 *     │     │        fails       │ │ │            (it missed something)
 *     │   AwaitingRetry ◄────────┘ │ │
 *     │     ▲   └───── reads ──────┼─┤
 *     │     │                      │ │
 *     │     │ fails   awaitsRoom   ▼ │ reads
 *     │     │                 AwaitingRoom
 *     │     │
 *     └─────┴── ReadingArchive ◄── readsArchive (also from Reading)
 * </pre>
 *
 * Each state may become {@link Left}, which is the last. A state that has all that the log has may become {@code Live} from
 * {@code AwaitingAck} as well. Immutable.
 */
sealed interface SubscriptionState {

    /** Redis has not acknowledged the subscription to the live channel: events after a read now might not be received. */
    record AwaitingAck(int attempt) implements SubscriptionState {}

    /**
     * The log is being read.
     *
     * @param handedOut position of the live subscriptions when the read began: the log has it, or Redis has lost it
     */
    record Reading(int attempt, @Nullable Position handedOut) implements SubscriptionState {

        /** The read was answered, so failures are counted from zero again. */
        Reading answered() {
            return attempt == 0 ? this : new Reading(0, handedOut);
        }

        /** The subscriber has no room for what was read, or for what is to be read next. */
        AwaitingRoom awaitsRoom() {
            return new AwaitingRoom();
        }
    }

    /** The subscriber has too much to write. The log is read when there is room. */
    record AwaitingRoom() implements SubscriptionState {
        @Override
        public int attempt() {
            return 0;
        }
    }

    /** The log could not be read, and is read again after a delay. */
    record AwaitingRetry(int attempt) implements SubscriptionState {

        /** Reads when Redis acknowledges the subscription to the live channel. */
        @Override
        public AwaitingAck awaitsAck() {
            return new AwaitingAck(attempt);
        }
    }

    /** The log could not be read, and the archive is asked instead. */
    record ReadingArchive(int attempt) implements SubscriptionState {}

    /** The subscription receives live messages. */
    record Live() implements SubscriptionState {
        @Override
        public int attempt() {
            return 0;
        }

        @Override
        public AwaitingRetry fails() {
            throw new IllegalStateException("nothing is read for a live subscription");
        }

        @Override
        public ReadingArchive readsArchive() {
            throw new IllegalStateException("nothing is read for a live subscription");
        }
    }

    /** The subscription receives nothing more. */
    record Left() implements SubscriptionState {
        @Override
        public int attempt() {
            return 0;
        }

        @Override
        public Reading reads(@Nullable Position handedOut) {
            throw left("read");
        }

        @Override
        public AwaitingRetry fails() {
            throw left("fail to read");
        }

        @Override
        public ReadingArchive readsArchive() {
            throw left("read the archive");
        }

        @Override
        public Live caughtUp() {
            throw left("be live");
        }

        private static IllegalStateException left(String what) {
            return new IllegalStateException("a subscription that was left can't " + what);
        }
    }

    /** Consecutive failed reads of the log. */
    int attempt();

    /** A read of the log begins. */
    default Reading reads(@Nullable Position handedOut) {
        return new Reading(attempt(), handedOut);
    }

    /** The log can't be read before Redis has acknowledged the subscription to the live channel. */
    default SubscriptionState awaitsAck() {
        return this;
    }

    /** The log could not be read: try again after a delay. */
    default AwaitingRetry fails() {
        return new AwaitingRetry(attempt() + 1);
    }

    /** The log could not be read for a subscriber that has nothing yet. */
    default ReadingArchive readsArchive() {
        return new ReadingArchive(attempt());
    }

    /** The subscription has everything that the log had, and all live messages since. */
    default Live caughtUp() {
        return new Live();
    }

    default Left leaves() {
        return new Left();
    }
}
