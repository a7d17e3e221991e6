package dev.parley.node;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.api.Operation;
import dev.parley.audit.Audit;
import dev.parley.auth.AuditListener;
import dev.parley.config.GatewayConfig;
import dev.parley.http.Route;
import dev.parley.postgres.EmbeddedPostgres;
import dev.parley.redis.EmbeddedRedis;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

/**
 * One gateway. {@link #start} starts the embedded servers, builds the areas from the bottom up, and starts them in the same order; a failed
 * start stops what has started. {@link #stop} stops everything in reverse order. Thread-safe; all methods except getters block.
 */
public final class Node {

    private static final Logger LOG = LoggerFactory.getLogger(Node.class);

    private static final Duration AUDIT_LIMIT = Duration.ofSeconds(1);
    private static final Duration EMBEDDED_LIMIT = Duration.ofSeconds(10);
    private static final Duration LOOPS_LIMIT = Duration.ofSeconds(2);
    /** Time after the drain for requests in progress, and for writing the queue's file. */
    private static final Duration AFTER_DRAIN = Duration.ofSeconds(2);
    /** Additional wait beyond a time limit, because the timer itself may not run. */
    private static final Duration STUCK = Duration.ofSeconds(5);

    private final GatewayConfig config;
    private final Lifecycle lifecycle = new Lifecycle();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final AtomicBoolean stopping = new AtomicBoolean();
    private volatile boolean intact = true;
    private volatile @Nullable RedisAssembly redis;
    private volatile @Nullable EdgeAssembly edge;

    /** Creates the node without starting it. */
    public Node(GatewayConfig config) {
        this.config = config;
    }

    /**
     * Blocks until the node listens.
     *
     * @throws RuntimeException when the start fails: then everything that had started has stopped
     */
    public void start() {
        try {
            startAll();
        } catch (RuntimeException | Error e) {
            boolean unused = lifecycle.stop();
            throw e;
        }
    }

    private void startAll() {
        EmbeddedRedis redisServer = config.redis().embedded() ? startRedis() : null;
        EmbeddedPostgres postgresServer = config.postgres().embedded() ? startPostgres() : null;
        LoopResources loops =
                LoopResources.create("parley-http", socketLoops(), true); // makes its threads when it is used
        lifecycle.start(
                "event loops",
                () -> {},
                () -> loops.disposeLater(Duration.ZERO, LOOPS_LIMIT),
                LOOPS_LIMIT.plus(LOOPS_LIMIT));
        build(redisServer == null ? config.redis().uri().value() : redisServer.uri(), postgresServer, loops);
    }

    private void build(String redisUri, @Nullable EmbeddedPostgres postgresServer, LoopResources loops) {
        RedisAssembly servers = new RedisAssembly(config, redisUri, lifecycle);
        RecordAssembly record = new RecordAssembly(config, servers, postgresServer, lifecycle);
        Audit audit = new Audit(servers.redis(), servers.keys(), config, record.postgres());
        AuditListener witness = config.audit().actions() ? audit : AuditListener.NONE;
        CacheAssembly cache = new CacheAssembly(config, servers, loops, lifecycle);
        StoreAssembly store = new StoreAssembly(config, servers, record, cache, witness);
        EdgeAssembly serving =
                new EdgeAssembly(config, loops, servers, record, cache, store, audit, witness, stopping::get);
        redis = servers;
        edge = serving;

        servers.start(lifecycle, store::changed);
        record.start(lifecycle);
        startAudit(audit);
        cache.start(lifecycle, servers);
        store.start(lifecycle);
        serving.start(lifecycle);
        lifecycle.start(
                "traffic",
                () -> {},
                () -> drain(serving, store),
                config.shutdown().drain().plus(AFTER_DRAIN));
    }

    private EmbeddedRedis startRedis() {
        return started("embedded Redis", EmbeddedRedis::start, EmbeddedRedis::stop);
    }

    private EmbeddedPostgres startPostgres() {
        return started("embedded PostgreSQL", EmbeddedPostgres::start, EmbeddedPostgres::close);
    }

    private <T> T started(String name, Supplier<T> start, Consumer<T> stop) {
        AtomicReference<@Nullable T> server = new AtomicReference<>();
        lifecycle.start(
                name,
                () -> server.set(start.get()),
                () -> Mono.<T>justOrEmpty(server.get()).doOnNext(stop).then(),
                EMBEDDED_LIMIT);
        return Objects.requireNonNull(server.get());
    }

    private void startAudit(Audit audit) {
        if (!audit.keyed()) {
            LOG.info("parley.audit.key is not set: the audit trail reveals mistakes, but not manipulation");
        }
        lifecycle.start(
                "the audit trail",
                audit::open,
                () -> audit.idle().timeout(AUDIT_LIMIT, Mono.empty()).then(Mono.fromRunnable(audit::dispose)),
                AUDIT_LIMIT.plus(AUDIT_LIMIT));
    }

    /**
     * Concurrently drains sockets, appends or spills queued events, and hands streams over. After that, accepted events are safe, whatever
     * else is still to be stopped.
     */
    private Mono<Void> drain(EdgeAssembly serving, StoreAssembly store) {
        LOG.info("Stopping: {} sockets and streams are told to reconnect to another node", serving.followers());
        intact = false;
        Duration drain = config.shutdown().drain();
        Mono<Void> gone = serving.drain(drain).cache();
        Mono<Boolean> written = store.drain(gone, drain).doOnNext(kept -> intact = kept);
        return Mono.when(gone, written, store.streams().close());
    }

    /** Blocks until Redis has been reached and its properties have been logged, at most that long. */
    public void awaitRedis(Duration atMost) {
        redis().probe().asked().timeout(atMost, Mono.empty()).block(atMost.plus(STUCK));
    }

    private RedisAssembly redis() {
        return Objects.requireNonNull(redis, "the node has not started");
    }

    private EdgeAssembly edge() {
        return Objects.requireNonNull(edge, "the node has not started");
    }

    /** All HTTP routes, of both ports. */
    List<Route> routes() {
        return edge().routes();
    }

    /** The operations that {@code call} also reaches. */
    List<Operation> operations() {
        return edge().operations();
    }

    public String httpAddress() {
        return edge().http().address();
    }

    public String managementAddress() {
        return edge().management().address();
    }

    /** The URI of the Redis that this node uses, with its password. */
    public String redisUri() {
        return redis().uri();
    }

    /** The prefix of every key and channel; empty for none. */
    public String keyPrefix() {
        return config.redis().keyPrefix().orElse("");
    }

    /** One core is left to Redis' connections: two loops on two cores were measured slower than one (benchmarks/RESULTS.md). */
    private static int socketLoops() {
        return Math.max(1, Runtime.getRuntime().availableProcessors() - 1);
    }

    /** Blocks until the node has stopped. */
    public void awaitStop() throws InterruptedException {
        stopped.await();
    }

    /**
     * Blocks until the sockets have left and the queue is empty, at most {@code parley.shutdown.drain}. Events still queued are then
     * written for the next start, whatever else is still to be stopped. Interrupts a start in progress. Calling it twice is harmless.
     *
     * @return whether every accepted event is in Redis or written
     */
    @CanIgnoreReturnValue
    public boolean stop() {
        stopping.set(true);
        boolean unused = lifecycle.stop();
        stopped.countDown();
        return intact;
    }
}
