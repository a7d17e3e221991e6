package dev.parley.store;

import dev.parley.event.Position;
import org.jspecify.annotations.Nullable;

/**
 * An event in the log.
 *
 * @param late it came after the end of its run
 */
public record LogEntry(Position position, @Nullable String eventId, boolean late, byte[] event) {

    /** What no event's own id begins with. */
    private static final String BREAK = "{";

    /** The id of the break after a loss, which is in a log once. */
    static String breakId(long lost) {
        return BREAK + lost + "}";
    }

    /** Whether this is no event but says that events before it may be missing, in ways that nobody can tell. No client is shown it. */
    public boolean isBreak() {
        return eventId != null && eventId.startsWith(BREAK);
    }
}
