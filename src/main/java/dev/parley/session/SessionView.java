package dev.parley.session;

import dev.parley.store.SessionMessage;
import dev.parley.store.SessionState;
import java.util.List;

/**
 * A session with some of its messages.
 *
 * @param messages the oldest first
 */
public record SessionView(SessionState session, List<SessionMessage> messages, ReadSource source) {

    public SessionView {
        messages = List.copyOf(messages);
    }
}
