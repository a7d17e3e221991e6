package dev.parley.app;

import dev.parley.api.Callers;
import dev.parley.api.EventRoutes;
import dev.parley.api.ManagementRoutes;
import dev.parley.api.MessageRoutes;
import dev.parley.auth.Authenticator;
import dev.parley.console.WebRoutes;
import dev.parley.http.Route;
import dev.parley.http.Router;
import dev.parley.hub.Hub;
import dev.parley.ingest.PubSubSource;
import dev.parley.ingest.StreamSources;
import dev.parley.log.ConversationLog;
import dev.parley.log.Publisher;
import dev.parley.metrics.Metric;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.redis.Keys;
import dev.parley.redis.PubSub;
import dev.parley.redis.Redis;
import dev.parley.redis.RedisTopology;
import dev.parley.session.Inbound;
import dev.parley.websocket.Services;
import dev.parley.websocket.WebSocketEndpoint;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

/** One node, put together. The constructor is the whole of it, from the bottom up; {@link #stop} takes it down again. */
final class Gateway {

    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);

    private static final long PUBLISHER_BYTES = 64L << 20;
    private static final int HEALS_AT_ONCE = 16;
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);

    private final GatewayConfig config;
    private final Disposable.Composite running = Disposables.composite();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final LoopResources loops = LoopResources.create("parley-http", socketLoops(), true);
    private final @Nullable EmbeddedRedis embedded;
    private final String redisUri;
    private final Redis redis;
    private final RedisProbe probe;
    private final PubSub live;
    private final PubSub channels;
    private final Publisher publisher;
    private final Hub hub;
    private final PubSubSource pubSubSource;
    private final StreamSources streams;
    private final WebSocketEndpoint sockets;
    private final Server http;
    private final Server management;
    private volatile boolean redisUp;
    private volatile boolean listening;

    private Gateway(GatewayConfig config) {
        this.config = config;
        GatewaySettings settings = new GatewaySettings(config);

        // Redis, and the connections to it.
        embedded = config.redis().embedded() ? EmbeddedRedis.start() : null;
        redisUri = embedded != null ? embedded.uri() : config.redis().uri().value();
        redis = new Redis(RedisTopology.parse(redisUri), settings.redis());
        probe = new RedisProbe(redis);
        Keys keys = new Keys(config.redis().keyPrefix().orElse(""));
        live = redis.pubSub();
        channels = redis.pubSub();

        // The log, and what is written to it.
        ConversationLog log = new ConversationLog(redis, keys, settings.log());
        publisher = new Publisher(log, PUBLISHER_BYTES);
        Inbound inbound = new Inbound(
                redis,
                keys,
                log,
                publisher,
                config.sessions().defaultAgent(),
                config.inbox().max());

        // Who follows, and what comes from agents.
        Heals heals = new Heals(inbound, HEALS_AT_ONCE);
        hub = new Hub(log, live, keys, settings.hub(), heals::add);
        pubSubSource = new PubSubSource(hub::passOn);
        streams = new StreamSources(
                redis,
                log,
                config.node(),
                config.ingest().streams().orElseGet(List::of).stream()
                        .map(keys::stream)
                        .toList(),
                settings.streams());

        // What is served.
        Authenticator authenticator = settings.authenticator();
        Callers callers = new Callers(authenticator, settings.checkOrigin());
        sockets = new WebSocketEndpoint(new Services(authenticator, hub, log, publisher, inbound), settings.sockets());
        List<Route> routes = new ArrayList<>();
        routes.add(Route.get("/v1/ws", sockets));
        int maxBody = config.http().maxBody().intBytes();
        routes.addAll(new EventRoutes(callers, publisher, maxBody).routes());
        routes.addAll(new MessageRoutes(callers, inbound, maxBody).routes());
        routes.addAll(WebRoutes.library());
        if (config.console().enabled()) {
            routes.addAll(WebRoutes.chat());
        }
        PrometheusMeterRegistry metrics = metrics();
        List<Route> managed =
                new ManagementRoutes(Map.of("redis", () -> redisUp, "channels", () -> listening), metrics).routes();

        // Nothing has been started so far: now it runs.
        keep(heals);
        keep(redis.up().subscribe(this::redisChanged));
        redis.open();
        keep(probe.open());
        hub.open();
        if (config.ingest().channels()) {
            keep(pubSubSource.open(channels, keys.channelPattern()).subscribe(null, null, () -> listening = true));
        } else {
            listening = true;
        }
        streams.open();
        http = Server.listen(loops, config.http().host(), config.http().port(), new Router(routes));
        management = Server.listen(
                loops, config.management().host(), config.management().port(), new Router(managed));
    }

    /** Blocks until the node listens; throws when it can't. */
    static Gateway start(GatewayConfig config) {
        return new Gateway(config);
    }

    /** Blocks until Redis has been reached and what is known of it has been logged, at most that long. */
    void awaitRedis(Duration atMost) {
        probe.asked().timeout(atMost, Mono.empty()).block();
    }

    String httpAddress() {
        return http.address();
    }

    String managementAddress() {
        return management.address();
    }

    /** The Redis that this node uses, password and all. */
    String redisUri() {
        return redisUri;
    }

    private void redisChanged(boolean up) {
        redisUp = up;
        sockets.redis(up);
    }

    /** One core is left to Redis' connections: two loops on two cores were measured slower than one (benchmarks/RESULTS.md). */
    private static int socketLoops() {
        return Math.max(1, Runtime.getRuntime().availableProcessors() - 1);
    }

    private PrometheusMeterRegistry metrics() {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        Metric.SOCKETS.register(registry, sockets, WebSocketEndpoint::size);
        Metric.CONVERSATIONS.register(registry, hub, Hub::size);
        Metric.REDIS_UP.register(registry, this, node -> node.redisUp ? 1 : 0);
        Metric.REPAIRS.register(registry, hub, Hub::repairCount);
        Metric.EPHEMERAL.register(registry, pubSubSource, PubSubSource::passedOn);
        Metric.ELSEWHERE.register(registry, pubSubSource, PubSubSource::elsewhere);
        Metric.MALFORMED.register(registry, pubSubSource, PubSubSource::malformed);
        Metric.STREAMS.register(registry, streams, StreamSources::reading);
        Metric.STREAMED.register(registry, streams, StreamSources::appended);
        Metric.DEAD.register(registry, streams, StreamSources::dead);
        Metric.RESUBSCRIBED.register(registry, live, PubSub::acknowledgements);
        return registry;
    }

    private void keep(Disposable disposable) {
        if (!running.add(disposable)) {
            throw new IllegalStateException("the node is stopping");
        }
    }

    /** Blocks until the node has stopped. */
    void awaitStop() throws InterruptedException {
        stopped.await();
    }

    /** Blocks until the sockets have left, at most as long as {@code parley.shutdown.drain}. Once is enough, twice is harmless. */
    void stop() {
        if (!stopping.compareAndSet(false, true)) {
            return;
        }
        LOG.info("Stopping: {} sockets are told to come back elsewhere", sockets.size());
        listening = false;
        sockets.drain(config.shutdown().drain())
                .then(streams.close())
                .then(Mono.fromRunnable(this::quiet))
                .then(Flux.concatDelayError(
                                http.close(), management.close(), live.close(), channels.close(), redis.close())
                        .then())
                .then(loops.disposeLater(Duration.ZERO, Duration.ofSeconds(2)))
                .timeout(config.shutdown().drain().plus(STOP_TIMEOUT))
                .doOnError(e -> LOG.warn("Not everything could be closed in time", e))
                .onErrorComplete()
                .block();
        if (embedded != null) {
            embedded.stop();
        }
        stopped.countDown();
    }

    /** Ends what reads and waits, before the connections go. */
    private void quiet() {
        hub.dispose();
        publisher.dispose();
        running.dispose();
    }
}
