package dev.parley.store;

import dev.parley.event.Position;
import org.jspecify.annotations.Nullable;

/**
 * An event in the log.
 *
 * @param late whether it came after the end of its run
 */
public record LogEntry(Position position, @Nullable String eventId, boolean late, byte[] event) {

    /** The first character of break ids, which no event id has. */
    private static final String BREAK = "{";

    /** The id of the break after a loss; a log has each once. */
    static String breakId(long lost) {
        return BREAK + lost + "}";
    }

    /** Whether this is a break: unknown events before it may be missing. No client is shown it. */
    public boolean isBreak() {
        return eventId != null && eventId.startsWith(BREAK);
    }
}
