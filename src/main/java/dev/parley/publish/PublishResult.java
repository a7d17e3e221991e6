package dev.parley.publish;

import dev.parley.store.StoredEvent;

/** What a publisher is told of its event. */
public sealed interface PublishResult {

    /** It is in the log. */
    record Stored(StoredEvent appended) implements PublishResult {}

    /** It waits on this node, in order, until Redis takes it. */
    record Queued() implements PublishResult {}
}
