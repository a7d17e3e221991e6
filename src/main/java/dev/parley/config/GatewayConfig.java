package dev.parley.config;

import dev.parley.audit.AuditSettings;
import dev.parley.console.ConsoleSettings;
import dev.parley.http.HttpSettings;
import dev.parley.http.ManagementSettings;
import dev.parley.hub.HubSettings;
import dev.parley.inbox.InboxSettings;
import dev.parley.ingest.IngestSettings;
import dev.parley.llmcache.CacheSettings;
import dev.parley.openai.UpstreamSettings;
import dev.parley.publish.OutageSettings;
import dev.parley.ratelimit.LimitSettings;
import dev.parley.sse.SseSettings;
import dev.parley.store.StoreSettings;
import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import dev.parley.websocket.SocketSettings;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Map;

/**
 * All settings: {@code http().maxBody()} is the key {@code parley.http.max-body}. Each package declares the groups that it reads, with
 * defaults, bounds and descriptions; this interface composes them. {@link ConfigLoader} ensures that values are within their bounds and fit
 * together.
 */
@ConfigMapping(prefix = "parley")
public interface GatewayConfig extends StoreSettings, HubSettings, SocketSettings, AuditSettings {

    @Doc(value = "name of this node, unique among the nodes of one Redis", bounds = "an id", unset = "the host's name")
    @Override
    String node();

    HttpSettings http();

    ManagementSettings management();

    IngestSettings ingest();

    InboxSettings inbox();

    SseSettings sse();

    /** By name: those that the gateway itself enforces are {@code connect}, {@code send} and {@code publish}. */
    Map<String, LimitSettings> limits();

    CacheSettings cache();

    UpstreamSettings upstream();

    OutageSettings outage();

    Data data();

    Shutdown shutdown();

    ConsoleSettings console();

    @Doc("format of the log lines on stderr, for people or for machines")
    @WithDefault("text")
    LogFormat logFormat();

    /** {@code parley.data}: what a node keeps on its disk. */
    interface Data {

        @Doc(
                "directory where a node that stops leaves the events that Redis has not taken, for its next start; each node needs one of its"
                        + " own, which is created when it is needed")
        @WithDefault("parley-data")
        String directory();
    }

    /** {@code parley.shutdown}: the end of a node. */
    interface Shutdown {

        @Doc("maximum time for sockets to leave when the node stops")
        @WithDefault("5s")
        @Bounds(least = "0s", most = "10m")
        Duration drain();
    }
}
