package dev.parley.postgres;

import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.APPLICATION_NAME;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.LOOP_RESOURCES;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.STATEMENT_TIMEOUT;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.TCP_KEEPALIVE;
import static io.r2dbc.spi.ConnectionFactoryOptions.CONNECT_TIMEOUT;
import static io.r2dbc.spi.ConnectionFactoryOptions.PASSWORD;
import static io.r2dbc.spi.ConnectionFactoryOptions.USER;

import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.pool.PoolMetrics;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Wrapped;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

/** Connections to PostgreSQL, on an event loop of their own. */
final class Connections {

    /** More who wait for a connection are refused. */
    private static final int MAX_WAITING = 1_000;
    /** The server ends a statement that takes too long; if it does not, the connection is given up so much later. */
    private static final Duration GRACE = Duration.ofSeconds(1);

    private static final Duration LOOK = Duration.ofMillis(5);
    private static final Duration IDLE = Duration.ofMinutes(10);
    private static final Duration LIFE = Duration.ofMinutes(30);

    private final LoopResources loops = LoopResources.create("parley-postgres", 1, true);
    private final PostgresSettings settings;
    private final ConnectionFactory server;
    private final ConnectionPool pool;

    Connections(PostgresSettings settings) {
        this.settings = settings;
        this.server = ConnectionFactories.get(options());
        this.pool = new ConnectionPool(ConnectionPoolConfiguration.builder(server)
                .maxSize(settings.pool())
                .initialSize(0)
                .minIdle(0)
                // After a restart of the server each of them may turn out to be broken.
                .acquireRetry(settings.pool())
                .maxAcquireTime(settings.connectTimeout())
                .maxCreateConnectionTime(settings.connectTimeout())
                .maxIdleTime(IDLE)
                .maxLifeTime(LIFE)
                .customizer(builder -> builder.maxPendingAcquire(MAX_WAITING))
                .build());
    }

    private ConnectionFactoryOptions options() {
        ConnectionFactoryOptions.Builder options = PostgresSettings.options(settings.url())
                .mutate()
                .option(CONNECT_TIMEOUT, settings.connectTimeout())
                .option(STATEMENT_TIMEOUT, settings.queryTimeout())
                .option(APPLICATION_NAME, settings.applicationName())
                .option(TCP_KEEPALIVE, true)
                .option(LOOP_RESOURCES, loops)
                .option(USER, settings.username());
        if (settings.password() != null) {
            options.option(PASSWORD, settings.password());
        }
        return options.build();
    }

    /** Makes a connection outside the pool for each subscription to {@code create}; whoever does so closes it. */
    ConnectionFactory server() {
        return server;
    }

    /**
     * Does something with a connection of the pool, which goes back when that is done. Cold; on PostgreSQL's event loop. It goes on to its
     * end even when whoever asked has left: the driver loses the buffers of a statement that is cancelled while its values are bound, and
     * the pool gives a connection to the next one as soon as its asker has left, whatever is still done with it. Who leaves before it has
     * one only gives it back.
     */
    <T> Mono<T> use(Function<Connection, Mono<T>> work) {
        return Mono.defer(() -> {
            AtomicBoolean left = new AtomicBoolean();
            return toItsEnd(Mono.usingWhen(
                            pool.create(),
                            connection -> left.get() ? Mono.<T>empty() : within(work.apply(connection)),
                            Connection::close,
                            (connection, e) -> e instanceof TimeoutException ? giveUp(connection) : connection.close(),
                            Connection::close))
                    .doOnCancel(() -> left.set(true));
        });
    }

    private <T> Mono<T> within(Mono<T> work) {
        return work.timeout(settings.queryTimeout().plus(GRACE));
    }

    /** Errors are made signals, since nobody may be left to hear them. */
    private static <T> Mono<T> toItsEnd(Mono<T> work) {
        return Mono.fromFuture(() -> work.materialize().toFuture(), true).dematerialize();
    }

    /** Of a connection that does not answer nothing more is expected: the pool finds it closed and makes another. */
    private static Mono<Void> giveUp(Connection pooled) {
        Mono<Void> broken = pooled instanceof Wrapped<?> wrapped && wrapped.unwrap() instanceof Connection raw
                ? Mono.from(raw.close()).timeout(GRACE).onErrorComplete()
                : Mono.empty();
        return broken.then(Mono.from(pooled.close()));
    }

    /** What is under way may end, for a moment. */
    private Mono<Void> idle() {
        PoolMetrics metrics = pool.getMetrics().orElseThrow();
        return Flux.interval(Duration.ZERO, LOOK)
                .takeUntil(tick -> metrics.acquiredSize() == 0)
                .take(GRACE)
                .then();
    }

    Mono<Void> close() {
        return idle().then(pool.disposeLater()).then(loops.disposeLater(Duration.ZERO, Duration.ofSeconds(2)));
    }
}
