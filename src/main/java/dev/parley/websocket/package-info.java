/**
 * The WebSocket, {@code GET /v1/ws}: {@link dev.parley.websocket.WebSocketEndpoint} upgrades and keeps the sockets, a {@code Socket}
 * answers one client's frames, its {@code Outbox} holds what is on the way to it, and {@link dev.parley.websocket.CloseCode} is the
 * table of ends.
 */
@NullMarked
package dev.parley.websocket;

import org.jspecify.annotations.NullMarked;
