package dev.parley.app;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
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
import dev.parley.outage.Queued;
import dev.parley.outage.RedisGate;
import dev.parley.outage.SpillFile;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.redis.Keys;
import dev.parley.redis.Probes;
import dev.parley.redis.PubSub;
import dev.parley.redis.Redis;
import dev.parley.redis.RedisTopology;
import dev.parley.session.Deliveries;
import dev.parley.session.Inbound;
import dev.parley.websocket.RedisStatus;
import dev.parley.websocket.Services;
import dev.parley.websocket.WebSocketEndpoint;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
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

    private static final Duration STATUS_EVERY = Duration.ofSeconds(1);
    private static final int HEALS_AT_ONCE = 16;
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);

    private final GatewayConfig config;
    private final Disposable.Composite running = Disposables.composite();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final LoopResources loops = LoopResources.create("parley-http", socketLoops(), true);
    private final @Nullable EmbeddedRedis embedded;
    private final String redisUri;
    private final RedisGate gate = new RedisGate();
    private final Redis redis;
    private final RedisProbe probe;
    private final PubSub live;
    private final PubSub channels;
    private final Probes probes;
    private final ConversationLog log;
    private final Hub hub;
    private final Leftovers leftovers;
    private final Publisher publisher;
    private final PubSubSource pubSubSource;
    private final StreamSources streams;
    private final WebSocketEndpoint sockets;
    private final Server http;
    private final Server management;
    private volatile boolean listening;
    private volatile boolean intact = true;

    private Gateway(GatewayConfig config) {
        this.config = config;
        GatewaySettings settings = new GatewaySettings(config);

        // Redis, and the connections to it.
        embedded = config.redis().embedded() ? EmbeddedRedis.start() : null;
        redisUri = embedded != null ? embedded.uri() : config.redis().uri().value();
        redis = new Redis(RedisTopology.parse(redisUri), settings.redis(), gate);
        probe = new RedisProbe(redis, gate.closed());
        Keys keys = new Keys(config.redis().keyPrefix().orElse(""));
        live = redis.pubSub();
        channels = redis.broadcasts();
        probes = new Probes(redis, keys, live, channels);

        // The log, and who follows.
        log = new ConversationLog(redis, keys, settings.log());
        Deliveries deliveries = new Deliveries(redis, keys, log);
        Heals heals = new Heals(deliveries, HEALS_AT_ONCE);
        hub = new Hub(log, live, keys, settings.hub(), heals::add);

        // What is written to it: at once, or when Redis is back.
        leftovers = new Leftovers(new SpillFile(Path.of(config.data().directory())));
        List<Queued> left = leftovers.read();
        publisher = new Publisher(
                log,
                new Replays(hub, deliveries),
                config.outage().queue().bytes(),
                config.outage().maxAge(),
                left);
        Inbound inbound = new Inbound(
                redis,
                keys,
                log,
                publisher,
                deliveries,
                config.sessions().defaultAgent(),
                config.inbox().max());

        // What comes from agents.
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
        Map<String, ManagementRoutes.Check> checks =
                Map.of("redis", this::redisTrouble, "live", () -> probes.deaf(live), "channels", this::channelsTrouble);
        List<Route> managed = new ManagementRoutes(checks, metrics).routes();

        // Nothing has been started so far: now it runs. The gate hears of a connection before anybody who would use it.
        keep(heals);
        keep(gate.open(probes.up(), redis.ping()));
        keep(gate.closed().subscribe(this::gateChanged));
        keep(status().subscribe(sockets::redis));
        if (!left.isEmpty()) {
            keep(leftovers.deleteWhen(publisher.caughtUp()).subscribe());
        }
        redis.open();
        probes.open();
        keep(probes);
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

    private void gateChanged(boolean closed) {
        if (closed) {
            log.redisIsBack();
            publisher.resume();
            hub.recheck();
        } else {
            publisher.suspend();
        }
    }

    /** What sockets are told: at once when Redis goes or comes, and while events are queued how many, now and then. */
    private Flux<RedisStatus> status() {
        Flux<Object> looks =
                Flux.merge(gate.closed(), Flux.interval(STATUS_EVERY).onBackpressureDrop());
        return looks.map(look -> new RedisStatus(gate.isClosed(), publisher.queued()))
                .distinctUntilChanged();
    }

    private @Nullable String redisTrouble() {
        String silent = probes.silent();
        return silent != null || gate.isClosed() ? silent : "Redis can't be reached";
    }

    private @Nullable String channelsTrouble() {
        if (stopping.get()) {
            return "the node is stopping";
        }
        return listening ? probes.deaf(channels) : "Redis has not acknowledged the subscription yet";
    }

    /** One core is left to Redis' connections: two loops on two cores were measured slower than one (benchmarks/RESULTS.md). */
    private static int socketLoops() {
        return Math.max(1, Runtime.getRuntime().availableProcessors() - 1);
    }

    private PrometheusMeterRegistry metrics() {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        Metric.SOCKETS.register(registry, sockets, WebSocketEndpoint::size);
        Metric.CONVERSATIONS.register(registry, hub, Hub::size);
        Metric.REDIS_UP.register(registry, gate, one -> one.isClosed() ? 1 : 0);
        Metric.QUEUED.register(registry, publisher, Publisher::queued);
        Metric.QUEUED_BYTES.register(registry, publisher, Publisher::waitingBytes);
        Metric.QUEUED_AGE.register(registry, publisher, one -> one.oldest().toMillis() / 1e3);
        Metric.OVERLOADED.register(registry, publisher, Publisher::overloaded);
        Metric.REPLAYED.register(registry, publisher, Publisher::replayed);
        Metric.REFUSED.register(registry, publisher, Publisher::refused);
        Metric.REPAIRS.register(registry, hub, Hub::repairCount);
        Metric.EPHEMERAL.register(registry, pubSubSource, PubSubSource::passedOn);
        Metric.ELSEWHERE.register(registry, pubSubSource, PubSubSource::elsewhere);
        Metric.MALFORMED.register(registry, pubSubSource, PubSubSource::malformed);
        Metric.STREAMS.register(registry, streams, StreamSources::reading);
        Metric.STREAMED.register(registry, streams, StreamSources::appended);
        Metric.DEAD.register(registry, streams, StreamSources::dead);
        Metric.RESUBSCRIBED.register(registry, live, PubSub::acknowledgements);
        Metric.REPLACED.register(registry, this, node -> node.live.replacements() + node.channels.replacements());
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

    /**
     * Blocks until the sockets have left and the queue is empty, at most as long as {@code parley.shutdown.drain}; what is still queued
     * then is written down for the next start. Once is enough, twice is harmless.
     *
     * @return whether all that was accepted is in Redis or written down
     */
    @CanIgnoreReturnValue
    boolean stop() {
        if (!stopping.compareAndSet(false, true)) {
            return intact;
        }
        LOG.info("Stopping: {} sockets are told to come back elsewhere", sockets.size());
        intact = false;
        Duration drain = config.shutdown().drain();
        Mono.when(sockets.drain(drain), publisher.idle().timeout(drain, Mono.empty()))
                .then(streams.close())
                .then(Mono.defer(() -> leftovers.write(publisher.stop())))
                .doOnNext(kept -> intact = kept)
                .then(Mono.fromRunnable(this::quiet))
                .then(Flux.concatDelayError(
                                http.close(), management.close(), live.close(), channels.close(), redis.close())
                        .then())
                .then(loops.disposeLater(Duration.ZERO, Duration.ofSeconds(2)))
                .timeout(drain.plus(STOP_TIMEOUT))
                .doOnError(e -> LOG.warn("Not everything could be closed in time", e))
                .onErrorComplete()
                .block();
        if (embedded != null) {
            embedded.stop();
        }
        stopped.countDown();
        return intact;
    }

    /** Ends what reads and waits, before the connections go. */
    private void quiet() {
        hub.dispose();
        running.dispose();
    }
}
