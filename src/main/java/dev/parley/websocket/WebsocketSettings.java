package dev.parley.websocket;

import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import dev.parley.support.Size;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** {@code parley.websocket}: limits and times of one socket. */
public interface WebsocketSettings {

    @Doc("silence after which the gateway sends a ping; after as much again it closes the socket")
    @WithDefault("25s")
    @Bounds(least = "100ms", most = "10m")
    Duration heartbeat();

    @Doc("maximum size of a frame from a client")
    @WithDefault("128KiB")
    @Bounds(least = "1KiB", most = "16MiB")
    Size maxFrame();

    @Doc("maximum bytes queued for one slow socket")
    @WithDefault("1MiB")
    @Bounds(least = "256KiB", most = "256MiB")
    Size outbox();

    @Doc("maximum number of conversations per socket")
    @WithDefault("100")
    @Bounds(least = "1", most = "100000")
    int maxConversations();

    @Doc("maximum time that a socket stays open without a token")
    @WithDefault("10s")
    @Bounds(least = "100ms", most = "10m")
    Duration authTimeout();
}
