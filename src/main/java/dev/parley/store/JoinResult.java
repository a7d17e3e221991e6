package dev.parley.store;

import dev.parley.event.Position;
import dev.parley.protocol.ResumeGap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The result of a join's read of the log. */
public sealed interface JoinResult {

    /** The log's last position when it was read. */
    Position last();

    /** Whether a message may not have reached its agent's inbox. */
    boolean inboxPending();

    /**
     * The requested position is in the log, so these are all events after it, or a page of them.
     *
     * @param entries at most a page; the next one is read from the last of these
     */
    record Missed(Position last, List<LogEntry> entries, boolean inboxPending) implements JoinResult {

        /** Whether there are more, after the last of these entries. */
        public boolean more() {
            return !entries.isEmpty()
                    && last.isAfter(entries.get(entries.size() - 1).position());
        }
    }

    /**
     * The state of the conversation at the last position.
     *
     * @param gap why the missed events can't be replayed; null if no position was requested
     * @param session JSON object or {@code null}
     * @param messages JSON array, oldest first
     * @param runs the members of a JSON array: the runs in progress
     */
    record Snapshot(
            Position last,
            @Nullable ResumeGap gap,
            String session,
            String messages,
            List<String> runs,
            boolean inboxPending)
            implements JoinResult {

        /** The same for a reader whose {@code since} is not a position. */
        public Snapshot insteadOf(String since) {
            ResumeGap malformed = new ResumeGap(ResumeGap.Reason.MALFORMED, since, "0", last.toString());
            return new Snapshot(last, malformed, session, messages, runs, inboxPending);
        }
    }
}
