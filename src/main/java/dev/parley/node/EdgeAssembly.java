package dev.parley.node;

import dev.parley.api.Api;
import dev.parley.api.ManagementRoutes;
import dev.parley.api.Operation;
import dev.parley.api.RequestAuthenticator;
import dev.parley.audit.Audit;
import dev.parley.auth.AuditListener;
import dev.parley.auth.Authenticator;
import dev.parley.config.GatewayConfig;
import dev.parley.console.WebRoutes;
import dev.parley.http.ClientAddresses;
import dev.parley.http.Route;
import dev.parley.http.Router;
import dev.parley.openai.OpenAiRoutes;
import dev.parley.openai.Upstream;
import dev.parley.ratelimit.Limits;
import dev.parley.websocket.NodeConversations;
import dev.parley.websocket.RedisStatus;
import dev.parley.websocket.SocketServices;
import dev.parley.websocket.WebSocketEndpoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

/** What is served: sockets and HTTP on one port, health and metrics on the other. */
final class EdgeAssembly {

    private static final Duration STATUS_EVERY = Duration.ofSeconds(1);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(1);

    private final GatewayConfig config;
    private final LoopResources loops;
    private final RedisAssembly redis;
    private final StoreAssembly store;
    private final BooleanSupplier stopping;
    private final WebSocketEndpoint sockets;
    private final Limits limits;
    /** Kept: a meter refers weakly to what it measures. */
    private final NodeMetrics metrics;

    private final Api api;
    private final List<Route> routes = new ArrayList<>();
    private final List<Route> managed;
    private final @Nullable OpenAiRoutes proxied;
    private final AtomicReference<@Nullable HttpPort> http = new AtomicReference<>();
    private final AtomicReference<@Nullable HttpPort> management = new AtomicReference<>();

    /** @param stopping whether the node takes no new requests and is not ready */
    EdgeAssembly(
            GatewayConfig config,
            LoopResources loops,
            RedisAssembly redis,
            RecordAssembly record,
            CacheAssembly cache,
            StoreAssembly store,
            Audit audit,
            AuditListener witness,
            BooleanSupplier stopping) {
        this.config = config;
        this.loops = loops;
        this.redis = redis;
        this.store = store;
        this.stopping = stopping;
        limits = new Limits(redis.redis(), redis.keys(), config.limits());
        Authenticator authenticator = config.auth().authenticator();
        ClientAddresses addresses = new ClientAddresses(config.http().proxies());
        boolean checkOrigin = config.auth().mode().checksOrigin();
        RequestAuthenticator callers = new RequestAuthenticator(authenticator, checkOrigin, addresses);
        api = new Api(
                callers,
                config.http().maxBody().intBytes(),
                new Api.Services(
                        store.sessions(),
                        store.publisher(),
                        store.messages(),
                        record.leaderboard(),
                        limits,
                        audit,
                        cache.cache()),
                witness);
        sockets = new WebSocketEndpoint(
                new SocketServices(
                        authenticator,
                        new NodeConversations(
                                store.hub(), store.store(), store.publisher(), store.messages(), store.sessions()),
                        api::call,
                        limits.turnstiles(),
                        addresses,
                        witness),
                config);
        routes.add(Route.get("/v1/ws", sockets));
        routes.addAll(api.routes());
        Upstream model = cache.upstream();
        proxied = model == null ? null : new OpenAiRoutes(authenticator, checkOrigin, cache.cache(), model);
        if (proxied != null) {
            routes.addAll(proxied.routes());
        }
        routes.addAll(WebRoutes.library());
        if (config.console().enabled()) {
            routes.addAll(WebRoutes.chat());
        }
        metrics = new NodeMetrics(redis, record, cache, store, audit, sockets, limits);
        Map<String, ManagementRoutes.Check> checks = Map.of(
                "redis",
                redis::trouble,
                "streams",
                store::streamsTrouble,
                "live",
                () -> redis.probes().deaf(redis.live()),
                "channels",
                () -> stopping.getAsBoolean() ? "the node is stopping" : store.channelsTrouble());
        Map<String, ManagementRoutes.Check> reported = record.postgres() == null
                ? Map.of()
                : Map.of("postgres", Objects.requireNonNull(record.postgres())::trouble);
        managed = new ManagementRoutes(checks, reported, metrics.registry()).routes();
    }

    void start(Lifecycle lifecycle) {
        if (proxied != null) {
            lifecycle.start("the proxy", () -> proxied, CLOSE_LIMIT);
        }
        lifecycle.start(
                "the status of sockets",
                () -> status().switchMap(sockets::redis).subscribe(),
                CLOSE_LIMIT);
        listen(
                lifecycle,
                "the HTTP port",
                http,
                config.http().host(),
                config.http().port(),
                new Router(routes, stopping));
        listen(
                lifecycle,
                "the management port",
                management,
                config.management().host(),
                config.management().port(),
                new Router(managed));
    }

    private void listen(
            Lifecycle lifecycle,
            String name,
            AtomicReference<@Nullable HttpPort> port,
            String host,
            int number,
            Router router) {
        lifecycle.start(
                name,
                () -> port.set(HttpPort.listen(loops, host, number, router)),
                () -> Mono.justOrEmpty(port.get()).flatMap(HttpPort::close),
                CLOSE_LIMIT);
    }

    /** What sockets are told: when Redis becomes available or unavailable, and while events are queued how many, now and then. */
    private Flux<RedisStatus> status() {
        Flux<Object> looks = Flux.merge(
                redis.breakers().changes(),
                Flux.interval(Duration.ZERO, STATUS_EVERY).onBackpressureDrop());
        return looks.map(look -> new RedisStatus(
                        redis.breakers().allClosed(), store.publisher().queued()))
                .distinctUntilChanged();
    }

    WebSocketEndpoint sockets() {
        return sockets;
    }

    /** What is served by {@code call}, too. */
    List<Operation> operations() {
        return api.operations();
    }

    /** What is served over HTTP, on both ports. */
    List<Route> routes() {
        return Stream.concat(routes.stream(), managed.stream()).toList();
    }

    /** Where it listens, once it has started. */
    HttpPort http() {
        return Objects.requireNonNull(http.get(), "the node has not started");
    }

    /** Where it listens, once it has started. */
    HttpPort management() {
        return Objects.requireNonNull(management.get(), "the node has not started");
    }
}
