package dev.parley.bench.client;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** How a server wants to be spoken to by a WebSocket that follows one conversation. */
public interface Dialect {

    /**
     * The path of the upgrade.
     *
     * @param since the last position that was seen; null for none, and for servers that know none
     */
    String path(String conversation, @Nullable String since);

    default @Nullable String subprotocol() {
        return null;
    }

    /** Whether a socket follows as soon as it is open. */
    default boolean followsAtOnce() {
        return false;
    }

    /** Whether a text with a stamp in it is an event, and not a state that has events in it. */
    default boolean isEvent(ByteBuf in, int at) {
        return true;
    }

    /** Whether that is how a server ends a socket that does not read fast enough. */
    default boolean isTooSlow(int closeCode) {
        return false;
    }

    /** What a text that has no event in it asks for. */
    Step step(String text, String conversation);

    /** What stands in front of an event's position; null where there are none. */
    default byte @Nullable [] positionMark() {
        return null;
    }

    /**
     * What to do now.
     *
     * @param answer to send
     * @param following from now on the socket gets its conversation's events
     * @param lost the server said that something is missing
     * @param againMs the server can't serve the socket now: it is to come again after this time; 0 otherwise
     */
    record Step(@Nullable String answer, boolean following, boolean lost, long againMs) {

        public Step(@Nullable String answer, boolean following, boolean lost) {
            this(answer, following, lost, 0);
        }

        public static final Step NOTHING = new Step(null, false, false);
        public static final Step FOLLOWING = new Step(null, true, false);

        public static Step answer(String text) {
            return new Step(text, false, false);
        }

        public static Step again(long afterMs) {
            return new Step(null, false, false, afterMs);
        }
    }
}
