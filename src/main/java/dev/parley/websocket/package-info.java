/**
 * The WebSocket, {@code GET /v1/ws}. {@link dev.parley.websocket.WebSocketEndpoint} upgrades requests and keeps the sockets, each with
 * bounds on what is on its way to the client. It reaches everything else through {@link dev.parley.websocket.SocketServices}. The package
 * does not decide what a follower receives: the hub does.
 */
@NullMarked
package dev.parley.websocket;

import org.jspecify.annotations.NullMarked;
