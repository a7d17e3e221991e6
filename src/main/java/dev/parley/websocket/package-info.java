/**
 * The WebSocket, {@code GET /v1/ws}. {@link dev.parley.websocket.WebSocketEndpoint} upgrades requests and holds the sockets. A {@code
 * Socket} serves one client's frames, and its {@code Outbox} holds the frames that wait for it. {@link dev.parley.protocol.CloseCode} lists
 * the reasons for a close.
 */
@NullMarked
package dev.parley.websocket;

import org.jspecify.annotations.NullMarked;
