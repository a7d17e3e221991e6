/**
 * What this node hosts: the conversations that have a socket here.
 *
 * <p>{@link dev.parley.hub.Hub} holds one {@code Conversation} for each. It hears the conversation's live channel, proves by each
 * message's predecessor that nothing is missing, reads the log where something is, and hands each event, encoded once, to every
 * {@link dev.parley.hub.Follower}.
 */
@NullMarked
package dev.parley.hub;

import org.jspecify.annotations.NullMarked;
