/**
 * The logs of conversations, from which sockets resume.
 *
 * <p>Other packages use {@link dev.parley.store.EventStore}. {@link dev.parley.store.RedisEventStore} appends by one script and reads by
 * another. An append publishes a {@link dev.parley.store.LiveMessage} to the nodes that host the conversation.
 */
@NullMarked
package dev.parley.store;

import org.jspecify.annotations.NullMarked;
