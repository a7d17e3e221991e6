/**
 * The logs of conversations, from which clients resume. {@link dev.parley.store.EventStore} is what other packages know of them;
 * {@link dev.parley.store.RedisEventStore} appends by one script and reads by another. {@link dev.parley.store.LiveMessage} is what an
 * append publishes to the nodes that host the conversation. The package does not queue, and does not repeat what has failed.
 */
@NullMarked
package dev.parley.store;

import org.jspecify.annotations.NullMarked;
