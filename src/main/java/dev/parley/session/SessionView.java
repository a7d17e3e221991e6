package dev.parley.session;

import dev.parley.store.SessionMessage;
import dev.parley.store.SessionState;
import java.util.List;

/**
 * A session as it was read.
 *
 * @param messages some of its messages, the oldest first
 */
public record SessionView(SessionState session, List<SessionMessage> messages, ReadSource source) {

    public SessionView {
        messages = List.copyOf(messages);
    }
}
