package dev.parley.app;

import dev.parley.auth.Authenticator;
import dev.parley.hub.HubSettings;
import dev.parley.ingest.StreamSettings;
import dev.parley.log.LogSettings;
import dev.parley.redis.RedisSettings;
import dev.parley.websocket.SocketSettings;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;

/** The configuration as each part of the house takes it. */
record GatewaySettings(GatewayConfig config) {

    /** A page is sent when a quarter of the outbox is used at most: it always fits. */
    private static final int PAGES_IN_AN_OUTBOX = 4;

    private static final long MAX_DEAD_LETTERS = 10_000;

    RedisSettings redis() {
        return new RedisSettings(
                "parley:" + config.node(),
                config.redis().connectTimeout(),
                config.redis().commandTimeout(),
                block(),
                config.redis().requestQueue(),
                config.redis().probeInterval(),
                config.redis().probeTimeout());
    }

    /** A reader is back in time to renew its lease; so a connection that swallows its read is found the sooner. */
    private Duration block() {
        Duration half = config.ingest().lease().dividedBy(2);
        return half.compareTo(config.ingest().block()) < 0
                ? half
                : config.ingest().block();
    }

    LogSettings log() {
        return new LogSettings(
                config.log().maxEvents(),
                config.log().maxBytes().bytes(),
                config.log().ttl(),
                config.log().seen(),
                config.log().maxRunText().bytes(),
                config.sessions().messages(),
                config.resume().limit(),
                config.resume().limitBytes().bytes(),
                config.websocket().outbox().bytes() / PAGES_IN_AN_OUTBOX,
                config.sessions().defaultAgent(),
                config.auth().defaultTenant(),
                config.runs().silence());
    }

    HubSettings hub() {
        return new HubSettings(
                config.hub().linger(),
                config.hub().checkInterval(),
                config.runs().silence(),
                config.redis().commandTimeout());
    }

    StreamSettings streams() {
        return new StreamSettings(
                config.ingest().batch(),
                block(),
                config.ingest().lease(),
                config.ingest().maxDeliveries(),
                MAX_DEAD_LETTERS);
    }

    SocketSettings sockets() {
        return new SocketSettings(
                config.node(),
                Main.Version.text(),
                config.websocket().heartbeat(),
                config.websocket().maxFrame().intBytes(),
                config.websocket().outbox().intBytes(),
                config.websocket().maxConversations(),
                config.websocket().authTimeout(),
                checkOrigin());
    }

    boolean checkOrigin() {
        return config.auth().mode() == AuthMode.NONE;
    }

    Authenticator authenticator() {
        String tenant = config.auth().defaultTenant();
        return config.auth().mode() == AuthMode.NONE
                ? Authenticator.none(tenant)
                : Authenticator.jwt(
                        config.auth().jwt().secret().orElseThrow().value().getBytes(StandardCharsets.UTF_8),
                        tenant,
                        Clock.systemUTC());
    }
}
