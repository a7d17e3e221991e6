package dev.parley.store;

import dev.parley.event.Position;
import dev.parley.protocol.ResumeGap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the log had for someone who joins. */
public sealed interface JoinResult {

    /** The log's last position when it was read. */
    Position last();

    /** Whether a message may not have reached its agent's inbox. */
    boolean inboxPending();

    /**
     * The position asked for is in the log, so these are all that follow it, or a page of them.
     *
     * @param entries at most a page; the next one is read from the last of these
     */
    record Missed(Position last, List<LogEntry> entries, boolean inboxPending) implements JoinResult {

        /** Whether there are more to be read, from the last of these entries on. */
        public boolean more() {
            return !entries.isEmpty()
                    && last.isAfter(entries.get(entries.size() - 1).position());
        }
    }

    /**
     * Everything as it stands at the last position.
     *
     * @param gap why it is not what was missed; null when no position was asked for
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

        /** The same for a reader whose {@code since} is no position at all. */
        public Snapshot insteadOf(String since) {
            ResumeGap malformed = new ResumeGap(ResumeGap.Reason.MALFORMED, since, "0", last.toString());
            return new Snapshot(last, malformed, session, messages, runs, inboxPending);
        }
    }
}
