package dev.parley.session;

import dev.parley.log.SessionMessage;
import dev.parley.log.SessionState;
import java.util.List;

/**
 * A session as it was read.
 *
 * @param messages some of its messages, the oldest first
 */
public record Read(SessionState session, List<SessionMessage> messages, Source source) {

    public Read {
        messages = List.copyOf(messages);
    }
}
