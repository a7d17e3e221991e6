/**
 * A conversation's log: the one truth that sockets resume from.
 *
 * <p>{@link dev.parley.log.ConversationLog} appends by one script and reads by another; {@link dev.parley.log.Publisher} gathers
 * single events into batches for it; {@link dev.parley.log.LiveMessage} is what an append tells the nodes that host the
 * conversation.
 */
@NullMarked
package dev.parley.log;

import org.jspecify.annotations.NullMarked;
