package dev.parley.websocket;

import java.time.Duration;

/**
 * @param node this node's name, for {@code welcome}
 * @param version Parley's, for {@code welcome}
 * @param heartbeat silence after which the gateway pings; after another one it closes
 * @param maxFrame largest frame from a client in bytes
 * @param outbox bytes that may wait for a socket; past them it is closed as too slow
 * @param maxConversations conversations that one socket may follow
 * @param authTimeout how long a socket without a token may take to send one
 * @param checkOrigin whether only same-origin and loopback pages are let in
 */
public record SocketSettings(
        String node,
        String version,
        Duration heartbeat,
        int maxFrame,
        int outbox,
        int maxConversations,
        Duration authTimeout,
        boolean checkOrigin) {}
