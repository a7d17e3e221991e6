package dev.parley.websocket;

import dev.parley.auth.AuthSettings;

/** The settings that sockets read. */
public interface SocketSettings {

    /** This node's name, for {@code welcome}. */
    String node();

    AuthSettings auth();

    WebsocketSettings websocket();
}
