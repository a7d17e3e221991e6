/**
 * Conversations followed over plain HTTP, as server-sent events or by long polling, where a WebSocket can't be used. Both are read from
 * {@link dev.parley.hub.Hub#follow} and carry the frames of the WebSocket. Nothing is sent to a conversation here: see {@code api}.
 */
@NullMarked
package dev.parley.sse;

import org.jspecify.annotations.NullMarked;
