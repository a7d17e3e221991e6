package dev.parley.session;

import dev.parley.store.SessionMessage;
import dev.parley.store.SessionState;
import java.util.List;

/**
 * The part of a session that is not archived yet.
 *
 * @param messages the oldest first
 */
record ArchiveBatch(String conversation, SessionState session, List<SessionMessage> messages) {

    long generation() {
        return session.number("generation");
    }

    /** The number of the last archived message after this batch. */
    long last() {
        return messages.isEmpty()
                ? session.number("archived_seq")
                : messages.get(messages.size() - 1).seq();
    }

    boolean deleted() {
        return session.status().equals("deleted");
    }

    /** Whether it begins with messages of another session that only the record may have. */
    boolean forked() {
        return !session.text("forked_from").isEmpty() && session.number("archived_seq") == 0;
    }
}
