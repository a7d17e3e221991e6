package dev.parley.app;

import dev.parley.audit.AuditSettings;
import dev.parley.auth.Authenticator;
import dev.parley.hub.HubSettings;
import dev.parley.ingest.StreamSettings;
import dev.parley.llmcache.CacheSettings;
import dev.parley.llmcache.Category;
import dev.parley.llmcache.Price;
import dev.parley.log.LogSettings;
import dev.parley.log.SessionSettings;
import dev.parley.openai.UpstreamSettings;
import dev.parley.postgres.EmbeddedPostgres;
import dev.parley.postgres.PostgresSettings;
import dev.parley.ratelimit.Limit;
import dev.parley.redis.RedisSettings;
import dev.parley.websocket.SocketSettings;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The configuration as each part of the house takes it. */
record GatewaySettings(GatewayConfig config) {

    /** A page is sent when a quarter of the outbox is used at most: it always fits. */
    private static final int PAGES_IN_AN_OUTBOX = 4;

    private static final long MAX_DEAD_LETTERS = 10_000;

    /** Longer than copying what a trail has at most; if not, two nodes copy it, which harms nothing. */
    static final Duration ARCHIVER_DEAD = Duration.ofSeconds(30);

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

    /**
     * Null where PostgreSQL is not configured.
     *
     * @param embedded null for none
     */
    @Nullable
    PostgresSettings postgres(@Nullable EmbeddedPostgres embedded) {
        GatewayConfig.Postgres postgres = config.postgres();
        return (embedded == null ? postgres.url().map(PostgresUrl::value) : Optional.of(embedded.url()))
                .map(url -> new PostgresSettings(
                        url,
                        embedded == null ? postgres.username().orElseThrow() : embedded.user(),
                        postgres.password().map(Secret::value).orElse(null),
                        postgres.pool(),
                        postgres.connectTimeout(),
                        postgres.queryTimeout(),
                        "parley:" + config.node()))
                .orElse(null);
    }

    AuditSettings audit() {
        GatewayConfig.Audit audit = config.audit();
        return new AuditSettings(
                audit.key()
                        .map(key -> key.value().getBytes(StandardCharsets.UTF_8))
                        .orElse(null),
                audit.maxEntries(),
                audit.ttl(),
                audit.retention().orElse(null),
                config.auth().defaultTenant(),
                config.node(),
                ARCHIVER_DEAD);
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
                config.resume().limit(),
                config.resume().limitBytes().bytes(),
                config.websocket().outbox().bytes() / PAGES_IN_AN_OUTBOX,
                config.auth().defaultTenant(),
                config.runs().silence(),
                sessions());
    }

    private SessionSettings sessions() {
        return new SessionSettings(
                config.sessions().messages(),
                config.sessions().defaultAgent(),
                config.sessions().autoCreate(),
                config.postgres().url().isPresent() || config.postgres().embedded(),
                config.sessions().unarchived(),
                config.sessions().unarchivedTtl());
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

    List<Limit> limits() {
        return config.limits().entrySet().stream()
                .map(entry -> limit(entry.getKey(), entry.getValue()))
                .toList();
    }

    private static Limit limit(String name, GatewayConfig.Limit limit) {
        int events = limit.events().orElseThrow();
        return new Limit(name, events, limit.period(), limit.burst().orElse(events), limit.per());
    }

    /** By agent: the category of what it is asked first. */
    Map<String, String> cachedAgents() {
        return pairs(config.cache().agents().orElseGet(List::of), value -> value);
    }

    /** What a list of {@code name=value} says; the last one of a name counts. */
    static <T> Map<String, T> pairs(List<String> list, Function<String, T> value) {
        return list.stream()
                .map(each -> each.split("=", 2))
                .collect(Collectors.toUnmodifiableMap(
                        both -> both[0], both -> value.apply(both[1]), (one, other) -> other));
    }

    private static Price price(String both) {
        String[] prices = both.split("/", 2);
        return new Price(Double.parseDouble(prices[0]), Double.parseDouble(prices[1]));
    }

    CacheSettings cache() {
        GatewayConfig.Cache cache = config.cache();
        return new CacheSettings(
                cache.seedTenant().orElse(null),
                Map.of(
                        Category.DEFAULT, cache.ttl().other(),
                        Category.FAQ, cache.ttl().faq(),
                        Category.CLASSIFICATION, cache.ttl().classification(),
                        Category.EXTRACTION, cache.ttl().extraction(),
                        Category.EMBEDDING, cache.ttl().embedding(),
                        Category.LIVE, cache.ttl().live()),
                cache.stale(),
                cache.maxTemperature(),
                cache.maxEntry().intBytes(),
                cache.maxEntries(),
                cache.lease(),
                pairs(cache.prices().orElseGet(List::of), GatewaySettings::price),
                cache.maxWaiting());
    }

    /** Null where no upstream is configured. */
    @Nullable
    UpstreamSettings upstream() {
        GatewayConfig.Upstream upstream = config.upstream();
        return upstream.url()
                .map(url -> new UpstreamSettings(
                        url.value(),
                        upstream.key().map(Secret::value).orElse(null),
                        config.auth().mode() == AuthMode.NONE,
                        upstream.pool(),
                        upstream.connectTimeout(),
                        upstream.responseTimeout(),
                        upstream.retries(),
                        upstream.maxBody().intBytes()))
                .orElse(null);
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
