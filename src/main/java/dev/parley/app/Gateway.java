package dev.parley.app;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.api.AuditOperations;
import dev.parley.api.AuditRoutes;
import dev.parley.api.CacheOperations;
import dev.parley.api.Callers;
import dev.parley.api.EventRoutes;
import dev.parley.api.LeaderboardOperations;
import dev.parley.api.LimitOperations;
import dev.parley.api.ManagementRoutes;
import dev.parley.api.MessageRoutes;
import dev.parley.api.Operation;
import dev.parley.api.Operations;
import dev.parley.api.SessionOperations;
import dev.parley.archive.Archived;
import dev.parley.archive.Archiver;
import dev.parley.archive.Marks;
import dev.parley.audit.Audit;
import dev.parley.auth.Authenticator;
import dev.parley.auth.Witness;
import dev.parley.console.WebRoutes;
import dev.parley.http.Addresses;
import dev.parley.http.Route;
import dev.parley.http.Router;
import dev.parley.hub.Hub;
import dev.parley.hub.Memory;
import dev.parley.ingest.PubSubSource;
import dev.parley.ingest.StreamSources;
import dev.parley.leaderboard.DayArchive;
import dev.parley.leaderboard.DayRecord;
import dev.parley.leaderboard.Leaderboard;
import dev.parley.llmcache.LlmCache;
import dev.parley.log.ConversationLog;
import dev.parley.log.Publisher;
import dev.parley.log.SessionMessage;
import dev.parley.metrics.Metric;
import dev.parley.openai.OpenAiRoutes;
import dev.parley.openai.Upstream;
import dev.parley.openai.UpstreamSettings;
import dev.parley.outage.Queued;
import dev.parley.outage.RedisGates;
import dev.parley.outage.SpillFile;
import dev.parley.postgres.EmbeddedPostgres;
import dev.parley.postgres.Postgres;
import dev.parley.postgres.PostgresSettings;
import dev.parley.ratelimit.Limits;
import dev.parley.ratelimit.Turnstiles;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.redis.Keys;
import dev.parley.redis.Probes;
import dev.parley.redis.PubSub;
import dev.parley.redis.Redis;
import dev.parley.redis.RedisTopology;
import dev.parley.session.Archive;
import dev.parley.session.ColdSessions;
import dev.parley.session.Deliveries;
import dev.parley.session.FirstAnswers;
import dev.parley.session.Inbound;
import dev.parley.session.Read;
import dev.parley.session.SessionArchive;
import dev.parley.session.Sessions;
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
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
    private static final Duration NOTES_TIMEOUT = Duration.ofSeconds(1);
    /** What Redis has been told is worth a moment after the drain: it is in the log, or answered as queued. */
    private static final Duration UNDER_WAY = Duration.ofMillis(500);

    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);
    /** Beyond its timeout: the timer itself does not run. */
    private static final Duration STUCK = Duration.ofSeconds(5);

    private final GatewayConfig config;
    private final Disposable.Composite running = Disposables.composite();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final LoopResources loops = LoopResources.create("parley-http", socketLoops(), true);
    private final @Nullable EmbeddedRedis embedded;
    private final String redisUri;
    private final RedisGates gates = new RedisGates();
    private final Redis redis;
    private final RedisProbe probe;
    private final PubSub live;
    private final PubSub channels;
    private final Probes probes;
    private final @Nullable EmbeddedPostgres embeddedRecord;
    private final @Nullable Postgres postgres;
    private final @Nullable SessionArchive sessionArchive;
    private final @Nullable Archiver archiver;
    private final @Nullable Archiver dayArchiver;
    private final Audit audit;
    private final SemanticCache reworded;
    private final LlmCache cache;
    private final @Nullable Upstream upstream;
    private final ConversationLog log;
    private final Hub hub;
    private final Leftovers leftovers;
    private final Publisher publisher;
    private final PubSubSource pubSubSource;
    private final StreamSources streams;
    private final WebSocketEndpoint sockets;
    private final List<Operation> operations;
    private final List<Route> routes;
    private final List<Route> managed;
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
        redis = new Redis(RedisTopology.parse(redisUri), settings.redis(), gates);
        probe = new RedisProbe(redis, gates.changes().map(change -> gates.anyClosed()));
        Keys keys = new Keys(config.redis().keyPrefix().orElse(""));
        live = redis.pubSub();
        channels = redis.broadcasts();
        probes = new Probes(redis, keys, live, channels);

        // The record that outlives Redis.
        embeddedRecord = config.postgres().embedded() ? EmbeddedPostgres.start() : null;
        PostgresSettings record = settings.postgres(embeddedRecord);
        postgres = record == null ? null : new Postgres(record);

        audit = new Audit(redis, keys, settings.audit(), postgres);
        Witness witness = config.audit().actions() ? audit : Witness.NONE;

        // What models need not answer twice.
        reworded = SemanticCache.of(config, redis, keys);
        keep(reworded.disposable());
        cache = new LlmCache(
                redis,
                keys,
                settings.cache(),
                Detectors.of(Gateway.class.getClassLoader()),
                reworded.semantic(),
                reworded.categories());
        InlineCache inline = new InlineCache(cache, settings.cachedAgents());
        FirstAnswers firstAnswers = new FirstAnswers(redis, keys, config.auth().defaultTenant(), inline);
        keep(firstAnswers);

        // The log, and who follows.
        log = new ConversationLog(redis, keys, settings.log(), firstAnswers);
        Archive archive = postgres == null
                ? Archive.NONE
                : new ColdSessions(
                        redis,
                        keys,
                        postgres,
                        config.sessions().messages(),
                        config.log().ttl(),
                        config.sessions().unarchivedTtl());
        sessionArchive = postgres == null
                ? null
                : new SessionArchive(
                        redis,
                        keys,
                        postgres,
                        config.sessions().messages(),
                        config.log().ttl());
        archiver = postgres == null || sessionArchive == null
                ? null
                : archiver(redis, config, postgres, keys.dirty(), keys.scanning(), sessionArchive);
        Deliveries deliveries = new Deliveries(redis, keys, log);
        Heals heals = new Heals(deliveries, HEALS_AT_ONCE);
        hub = new Hub(
                log,
                live,
                keys,
                settings.hub(),
                (conversation, access) -> archive.newest(
                                conversation, access, config.sessions().messages())
                        .map(Gateway::recalled),
                heals::add);

        // What is written to it: at once, or when Redis is back.
        leftovers = new Leftovers(new SpillFile(Path.of(config.data().directory())));
        List<Queued> left = leftovers.read();
        publisher = new Publisher(
                log,
                new Replays(hub, deliveries),
                config.outage().queue().bytes(),
                config.outage().maxAge(),
                left);
        Sessions sessions = new Sessions(redis, keys, log, archive, witness, publisher::isQueued);
        Inbound inbound = new Inbound(
                log,
                publisher,
                sessions,
                deliveries,
                config.sessions().defaultAgent(),
                config.inbox().max(),
                witness,
                inline);

        // What comes from agents.
        pubSubSource = new PubSubSource(hub::hosts, hub::passOn);
        streams = new StreamSources(
                redis,
                log,
                config.node(),
                config.ingest().streams().orElseGet(List::of).stream()
                        .map(keys::stream)
                        .toList(),
                settings.streams(),
                hub::stored);

        // What is counted.
        Limits limits = new Limits(redis, keys, settings.limits());
        Turnstiles turnstiles = limits.turnstiles();
        DayRecord days = postgres == null ? null : new DayRecord(postgres);
        Leaderboard leaderboard = new Leaderboard(redis, keys, days);
        dayArchiver = postgres == null || days == null
                ? null
                : archiver(
                        redis,
                        config,
                        postgres,
                        keys.leaderboardDirty(),
                        keys.leaderboardScan(),
                        new DayArchive(redis, keys, leaderboard, days));

        // The models behind the proxy.
        UpstreamSettings model = settings.upstream();
        upstream = model == null ? null : new Upstream(model, loops);

        // What is served.
        Authenticator authenticator = settings.authenticator();
        Addresses addresses = new Addresses(config.http().proxies());
        Callers callers = new Callers(authenticator, settings.checkOrigin(), addresses);
        int maxBody = config.http().maxBody().intBytes();
        operations = new ArrayList<>();
        operations.addAll(new SessionOperations(sessions).operations());
        operations.addAll(new LeaderboardOperations(leaderboard).operations());
        operations.addAll(new LimitOperations(limits).operations());
        operations.addAll(new AuditOperations(audit, witness).operations());
        operations.addAll(new CacheOperations(cache).operations());
        Operations offered = new Operations(callers, maxBody, operations);
        sockets = new WebSocketEndpoint(
                new Services(
                        authenticator,
                        hub,
                        log,
                        publisher,
                        inbound,
                        sessions,
                        offered::call,
                        turnstiles,
                        addresses,
                        witness),
                settings.sockets());
        routes = new ArrayList<>();
        routes.add(Route.get("/v1/ws", sockets));
        routes.addAll(offered.routes());
        routes.addAll(new EventRoutes(callers, publisher, sessions, maxBody, turnstiles.publish(), witness).routes());
        routes.addAll(new MessageRoutes(callers, inbound, maxBody, turnstiles.send()).routes());
        routes.addAll(new AuditRoutes(callers, audit, witness).routes());
        OpenAiRoutes proxied =
                upstream == null ? null : new OpenAiRoutes(authenticator, settings.checkOrigin(), cache, upstream);
        if (proxied != null) {
            routes.addAll(proxied.routes());
        }
        routes.addAll(WebRoutes.library());
        if (config.console().enabled()) {
            routes.addAll(WebRoutes.chat());
        }
        PrometheusMeterRegistry metrics = metrics(limits);
        Map<String, ManagementRoutes.Check> checks =
                Map.of("redis", this::redisTrouble, "live", () -> probes.deaf(live), "channels", this::channelsTrouble);
        managed = new ManagementRoutes(checks, metrics).routes();

        // Nothing has been started so far: now it runs. The gates hear of a connection before anybody who would use it.
        keep(heals);
        keep(gates.changes().subscribe(this::gateChanged));
        keep(status().switchMap(sockets::redis).subscribe());
        keep(probe.open());
        keep(gates.open(probes.masters(), redis::ping));
        if (!left.isEmpty()) {
            keep(leftovers.deleteWhen(publisher.caughtUp()).subscribe());
        }
        redis.open();
        if (postgres != null && embeddedRecord != null) {
            embeddedRecord.whenUp(postgres::open);
        } else if (postgres != null) {
            postgres.open();
        } else {
            LOG.info("parley.postgres.url is not set: there is no record beyond what Redis keeps");
        }
        if (!audit.keyed()) {
            LOG.info(
                    "parley.audit.key is not set: the audit trail shows mistakes, but not who wants to hide something");
        }
        audit.open();
        cache.open(channels);
        if (proxied != null) {
            keep(proxied);
        }
        probes.open();
        keep(probes);
        Stream.of(archiver, dayArchiver)
                .flatMap(Stream::ofNullable)
                .forEach(each -> keep(each.run().subscribe()));
        hub.open();
        if (config.ingest().channels()) {
            keep(pubSubSource.open(channels, keys.channelPattern()).subscribe(null, null, () -> listening = true));
        } else {
            listening = true;
        }
        streams.open();
        http = Server.listen(loops, config.http().host(), config.http().port(), new Router(routes, stopping::get));
        management = Server.listen(
                loops, config.management().host(), config.management().port(), new Router(managed));
    }

    /** Blocks until the node listens; throws when it can't. */
    static Gateway start(GatewayConfig config) {
        return new Gateway(config);
    }

    /** Blocks until Redis has been reached and what is known of it has been logged, at most that long. */
    void awaitRedis(Duration atMost) {
        probe.asked().timeout(atMost, Mono.empty()).block(atMost.plus(STUCK));
    }

    /** What is served over HTTP, on both ports. */
    List<Route> routes() {
        return Stream.concat(routes.stream(), managed.stream()).toList();
    }

    /** What is served by {@code call}, too. */
    List<Operation> operations() {
        return List.copyOf(operations);
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

    private void gateChanged(RedisGates.Change change) {
        if (change.closed()) {
            log.redisIsBack();
            publisher.resume(change.master());
            hub.recheck();
        } else {
            publisher.suspend(change.master());
        }
    }

    /** What sockets are told: at once when Redis goes or comes, and while events are queued how many, now and then. */
    private Flux<RedisStatus> status() {
        Flux<Object> looks = Flux.merge(
                gates.changes(), Flux.interval(Duration.ZERO, STATUS_EVERY).onBackpressureDrop());
        return looks.map(look -> new RedisStatus(gates.allClosed(), publisher.queued()))
                .distinctUntilChanged();
    }

    private @Nullable String redisTrouble() {
        String silent = probes.silent();
        return silent != null || gates.anyClosed() ? silent : "Redis can't be reached";
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

    private static Archiver archiver(
            Redis redis, GatewayConfig config, Postgres postgres, String dirty, String scanning, Archived archived) {
        return new Archiver(
                redis,
                postgres,
                new Marks(redis, dirty),
                scanning,
                archived,
                config.node(),
                GatewaySettings.ARCHIVER_DEAD);
    }

    private PrometheusMeterRegistry metrics(Limits limits) {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        Metric.SOCKETS.register(registry, sockets, WebSocketEndpoint::size);
        Metric.CONVERSATIONS.register(registry, hub, Hub::size);
        if (archiver != null) {
            Metric.ARCHIVE_WAITING.register(registry, archiver, Archiver::waiting);
            Metric.ARCHIVE_LAG.register(registry, archiver, one -> one.lag().toMillis() / 1e3);
        }
        if (sessionArchive != null) {
            Metric.ARCHIVED.register(registry, sessionArchive, SessionArchive::copied);
        }
        Metric.POSTGRES_UP.register(registry, this, node -> node.postgres != null && node.postgres.isUp() ? 1 : 0);
        Metric.REDIS_UP.register(registry, gates, all -> all.allClosed() ? 1 : 0);
        Metric.AUDIT_WAITING.register(registry, audit, Audit::waiting);
        Metric.AUDIT_DROPPED.register(registry, audit, Audit::dropped);
        Metric.AUDIT_ARCHIVED.register(registry, audit, Audit::archived);
        Metric.AUDIT_UNARCHIVED.register(registry, audit, Audit::unarchived);
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
        Metric.PASSED_OVER.register(registry, streams, StreamSources::passedOver);
        Metric.TAKEN.register(registry, limits, Limits::taken);
        Metric.LIMITED.register(registry, limits, Limits::refused);
        Metric.LIMITED_ALONE.register(registry, limits, Limits::alone);
        Metric.CACHE_HITS.register(registry, cache, LlmCache::hits);
        Metric.CACHE_MISSES.register(registry, cache, LlmCache::misses);
        Metric.CACHE_STORED.register(registry, cache, LlmCache::stored);
        Metric.CACHE_REFUSED.register(registry, cache, LlmCache::refused);
        Metric.CACHE_DROPPED.register(registry, cache, LlmCache::dropped);
        Metric.CACHE_WAITING.register(registry, cache, LlmCache::waiting);
        reworded.measure(registry);
        if (upstream != null) {
            for (int hundreds = 2; hundreds <= 5; hundreds++) {
                int status = hundreds;
                Metric.UPSTREAM_CALLS.register(registry, upstream, one -> one.answers(status), "status", status + "xx");
            }
            Metric.UPSTREAM_CALLS.register(registry, upstream, Upstream::unanswered, "status", "none");
            Metric.UPSTREAM_SECONDS.register(registry, upstream, one -> one.millis() / 1e3);
        }
        Metric.RESUBSCRIBED.register(registry, live, PubSub::acknowledgements);
        Metric.REPLACED.register(registry, this, node -> node.live.replacements() + node.channels.replacements());
        return registry;
    }

    private static Memory.Recalled recalled(Read read) {
        String messages = read.messages().stream().map(SessionMessage::json).collect(Collectors.joining(",", "[", "]"));
        return new Memory.Recalled(read.session().snapshotJson(), messages);
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
     * then is written down for the next start, whatever else is still to be ended. Once is enough, twice is harmless.
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
        Mono<Void> gone = sockets.drain(drain).cache();
        Mono<Boolean> written = gone.then(publisher.idle())
                .timeout(drain, Mono.empty())
                .then(publisher.stop(UNDER_WAY))
                .flatMap(leftovers::write)
                .doOnNext(kept -> intact = kept);
        Mono.when(gone, written, streams.close())
                .then(audit.idle().timeout(NOTES_TIMEOUT, Mono.empty()))
                .then(cache.flush())
                .then(Mono.fromRunnable(this::quiet))
                .then(Flux.concatDelayError(
                                http.close(),
                                management.close(),
                                live.close(),
                                channels.close(),
                                redis.close(),
                                upstream == null ? Mono.empty() : upstream.close(),
                                postgres == null ? Mono.empty() : postgres.close())
                        .then())
                .then(loops.disposeLater(Duration.ZERO, Duration.ofSeconds(2)))
                .timeout(drain.plus(STOP_TIMEOUT))
                .doOnError(e -> LOG.warn("Not everything could be closed in time", e))
                .onErrorComplete()
                .block(drain.plus(STOP_TIMEOUT).plus(STUCK));
        if (embedded != null) {
            embedded.stop();
        }
        if (embeddedRecord != null) {
            embeddedRecord.close();
        }
        stopped.countDown();
        return intact;
    }

    /** Ends what reads and waits, before the connections go. */
    private void quiet() {
        hub.dispose();
        audit.dispose();
        cache.dispose();
        running.dispose();
    }
}
