package dev.parley.publish;

import dev.parley.error.ParleyException;
import dev.parley.event.Position;
import dev.parley.resilience.QueuedEvent;
import dev.parley.store.StoredEvent;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Told what becomes of events on their way into the log, and of those that had to wait for Redis. A conversation's events come in order; nothing here may block. */
public interface QueueListener {

    /**
     * It waits. Called under a lock: must not call the publisher.
     *
     * @param behind the id of the event of its conversation that is queued before it; null where there is none
     */
    void queued(QueuedEvent event, @Nullable String behind);

    /**
     * One is in the log, and its publisher is told so, whether it had to wait or not. Called under a lock: must not call the publisher.
     */
    void stored(String conversation, Position at);

    /**
     * It is in the log, and counts as done when what is returned completes; fails with {@code unavailable} to be told again.
     *
     * @param appended where it is; a duplicate when an earlier try had come through
     */
    Mono<Void> placed(QueuedEvent event, StoredEvent appended);

    /** The log does not take it, for good. */
    void refused(QueuedEvent event, ParleyException refusal);
}
