package dev.parley.node;

import dev.parley.api.AuditOperations;
import dev.parley.api.AuditRoutes;
import dev.parley.api.CacheOperations;
import dev.parley.api.EventRoutes;
import dev.parley.api.LeaderboardOperations;
import dev.parley.api.LimitOperations;
import dev.parley.api.ManagementRoutes;
import dev.parley.api.MessageRoutes;
import dev.parley.api.Operation;
import dev.parley.api.Operations;
import dev.parley.api.RequestAuthenticator;
import dev.parley.api.SessionOperations;
import dev.parley.audit.Audit;
import dev.parley.auth.Access;
import dev.parley.auth.AuditListener;
import dev.parley.auth.Authenticator;
import dev.parley.config.GatewayConfig;
import dev.parley.console.WebRoutes;
import dev.parley.http.ClientAddresses;
import dev.parley.http.Route;
import dev.parley.http.Router;
import dev.parley.openai.OpenAiRoutes;
import dev.parley.openai.Upstream;
import dev.parley.ratelimit.EndpointLimiters;
import dev.parley.ratelimit.Limits;
import dev.parley.sse.FollowEndpoint;
import dev.parley.sse.FollowServices;
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

/** Assembles what is served: sockets and HTTP on one port, health and metrics on the other. */
final class EdgeAssembly {

    private static final Duration STATUS_EVERY = Duration.ofSeconds(1);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(1);

    private final GatewayConfig config;
    private final LoopResources loops;
    private final RedisAssembly redis;
    private final StoreAssembly store;
    private final BooleanSupplier stopping;
    private final WebSocketEndpoint sockets;
    private final FollowEndpoint followers;
    private final Limits limits;
    /** Kept, because a meter refers weakly to its source. */
    private final NodeMetrics metrics;

    private final List<Operation> operations = new ArrayList<>();
    private final List<Route> routes = new ArrayList<>();
    private final List<Route> managed;
    private final @Nullable OpenAiRoutes proxied;
    private final AtomicReference<@Nullable HttpPort> http = new AtomicReference<>();
    private final AtomicReference<@Nullable HttpPort> management = new AtomicReference<>();

    /** @param stopping whether the node accepts no new requests and is not ready */
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
        EndpointLimiters turnstiles = limits.turnstiles();
        Authenticator authenticator = config.auth().authenticator();
        ClientAddresses addresses = new ClientAddresses(config.http().proxies());
        boolean checkOrigin = config.auth().mode().checksOrigin();
        RequestAuthenticator callers = new RequestAuthenticator(authenticator, checkOrigin, addresses);
        int maxBody = config.http().maxBody().intBytes();
        operations.addAll(new SessionOperations(store.sessions()).operations());
        operations.addAll(new LeaderboardOperations(record.leaderboard()).operations());
        operations.addAll(new LimitOperations(limits).operations());
        operations.addAll(new AuditOperations(audit, witness).operations());
        operations.addAll(new CacheOperations(cache.cache()).operations());
        Operations offered = new Operations(callers, maxBody, operations);
        sockets = new WebSocketEndpoint(
                new SocketServices(
                        authenticator,
                        new NodeConversations(
                                store.hub(), store.store(), store.publisher(), store.messages(), store.sessions()),
                        offered::call,
                        turnstiles,
                        addresses,
                        witness),
                config);
        routes.add(Route.get("/v1/ws", sockets));
        followers = new FollowEndpoint(
                new FollowServices(authenticator, addresses, turnstiles.connect(), witness, following(store)),
                config.sse());
        routes.add(followers.route());
        routes.addAll(offered.routes());
        routes.addAll(
                new EventRoutes(callers, store.publisher(), store.sessions(), maxBody, turnstiles.publish(), witness)
                        .routes());
        routes.addAll(new MessageRoutes(callers, store.messages(), maxBody, turnstiles.send()).routes());
        routes.addAll(new AuditRoutes(callers, audit, witness).routes());
        Upstream model = cache.upstream();
        proxied = model == null ? null : new OpenAiRoutes(authenticator, checkOrigin, cache.cache(), model);
        if (proxied != null) {
            routes.addAll(proxied.routes());
        }
        routes.addAll(WebRoutes.library());
        if (config.console().enabled()) {
            routes.addAll(WebRoutes.chat());
        }
        metrics = new NodeMetrics(redis, record, cache, store, audit, sockets, followers, limits);
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

    private static FollowServices.Conversations following(StoreAssembly store) {
        return (who, conversation, since) -> Flux.defer(() -> {
            Access access = who.access(conversation);
            return store.sessions()
                    .revive(conversation, access)
                    .thenMany(store.hub().follow(conversation, since, access));
        });
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

    /** The status for sockets: when Redis becomes available or unavailable, and periodically the number of queued events. */
    private Flux<RedisStatus> status() {
        Flux<Object> looks = Flux.merge(
                redis.breakers().changes(),
                Flux.interval(Duration.ZERO, STATUS_EVERY).onBackpressureDrop());
        return looks.map(look -> new RedisStatus(
                        redis.breakers().allClosed(), store.publisher().queued()))
                .distinctUntilChanged();
    }

    /** Sockets, streams and polls that are open now. */
    int followers() {
        return sockets.size() + followers.size();
    }

    /** Tells them to come back elsewhere, spread over the window; completes when they have left, or with the window. */
    Mono<Void> drain(Duration window) {
        return Mono.when(sockets.drain(window), followers.drain(window));
    }

    /** The operations that {@code call} also reaches. */
    List<Operation> operations() {
        return List.copyOf(operations);
    }

    /** All HTTP routes, of both ports. */
    List<Route> routes() {
        return Stream.concat(routes.stream(), managed.stream()).toList();
    }

    /** The port for clients and agents, once it is open. */
    HttpPort http() {
        return Objects.requireNonNull(http.get(), "the node has not started");
    }

    /** The management port, once it is open. */
    HttpPort management() {
        return Objects.requireNonNull(management.get(), "the node has not started");
    }
}
