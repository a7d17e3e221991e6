package dev.parley.hub;

import dev.parley.auth.Access;
import reactor.core.publisher.Mono;

/** What a conversation needs from the node that hosts it. Any thread; never blocks. */
interface ConversationHost {

    /** A live message is missing: the conversation begins to read its log. */
    void repairStarts();

    /** A message of the conversation may not have reached its agent's inbox. */
    void inboxPending(String conversation);

    /** A subscription to the conversation has ended. */
    void left(String conversation);

    /** Compares the conversation's last position with the log's, soon. */
    void checkSoon(String conversation);

    /** The archived conversation; empty if nothing is archived. */
    Mono<SnapshotFallback.Recalled> recall(String conversation, Access access);
}
