package dev.parley.postgres;

import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.APPLICATION_NAME;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.LOOP_RESOURCES;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.PREPARED_STATEMENT_CACHE_QUERIES;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.SCHEMA;
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
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

/**
 * Connections to PostgreSQL, on an event loop of their own. A pooler may stand in between and give each transaction another session of the
 * server. So everything runs in transactions, no setting outlives one, and no statement has a name.
 */
final class Connections {

    /** Maximum callers that wait for a connection; further ones are rejected. */
    private static final int MAX_WAITING = 1_000;
    /** The server ends a statement that takes too long; if it does not, the connection is closed after this additional time. */
    private static final Duration GRACE = Duration.ofSeconds(1);

    private static final Duration LOOK = Duration.ofMillis(5);
    private static final Duration IDLE = Duration.ofMinutes(10);
    private static final Duration LIFE = Duration.ofMinutes(30);

    private final LoopResources loops = new FilteredLoops();
    private final PostgresSettings settings;
    private final ConnectionFactory server;
    private final ConnectionPool pool;
    private final String schema;
    private final Clock clock = Clock.systemUTC();
    /** Connections made before this time (ms) are not used again. */
    private volatile long renewed;

    Connections(PostgresSettings settings, PostgresUrl url, String username, String applicationName) {
        this.settings = settings;
        this.server = ConnectionFactories.get(options(url, username, applicationName));
        this.schema = schema(url.options().getValue(SCHEMA));
        this.pool = new ConnectionPool(ConnectionPoolConfiguration.builder(server)
                .maxSize(settings.pool())
                .initialSize(0)
                .minIdle(0)
                // After a restart of the server each connection may be broken.
                .acquireRetry(settings.pool())
                .maxAcquireTime(settings.connectTimeout())
                .maxCreateConnectionTime(settings.connectTimeout())
                .clock(clock)
                .customizer(builder -> builder.maxPendingAcquire(MAX_WAITING)
                        .evictionPredicate((connection, its) -> its.idleTime() >= IDLE.toMillis()
                                || its.lifeTime() >= LIFE.toMillis()
                                || its.allocationTimestamp() <= renewed))
                .build());
    }

    private ConnectionFactoryOptions options(PostgresUrl url, String username, String applicationName) {
        ConnectionFactoryOptions.Builder options = ConnectionFactoryOptions.builder()
                // The driver would send the schema as a parameter of the connection, which poolers reject.
                .from(url.options(), option -> !option.equals(SCHEMA))
                .option(CONNECT_TIMEOUT, settings.connectTimeout())
                .option(APPLICATION_NAME, applicationName)
                .option(PREPARED_STATEMENT_CACHE_QUERIES, 0)
                .option(TCP_KEEPALIVE, true)
                .option(LOOP_RESOURCES, loops)
                .option(USER, username);
        settings.password().ifPresent(password -> options.option(PASSWORD, password.value()));
        return options.build();
    }

    /**
     * Runs work in a transaction, with a pooled connection, which is returned afterwards. Cold; on PostgreSQL's event loop. The work is
     * completed even if the caller has left: the driver leaks the buffers of a statement that is cancelled while its values are bound, and
     * the pool would give the connection to the next caller while the work still uses it. A caller that leaves before it has a connection
     * only returns it.
     */
    <T> Mono<T> use(Function<Connection, Mono<T>> work) {
        return Mono.defer(() -> {
            AtomicBoolean left = new AtomicBoolean();
            return toItsEnd(Mono.usingWhen(
                            pool.create(),
                            connection -> left.get()
                                    ? Mono.<T>empty()
                                    : inTransaction(connection, settings.queryTimeout(), work),
                            Connection::close,
                            (connection, e) -> Failures.isSpent(e) ? giveUp(connection) : connection.close(),
                            Connection::close))
                    .doOnCancel(() -> left.set(true));
        });
    }

    /**
     * Runs work in a transaction, with a new connection that is closed afterwards. Cold; on PostgreSQL's event loop.
     *
     * @param patience time limit of a statement, and of the transaction
     */
    <T> Mono<T> useNew(Duration patience, Function<Connection, Mono<T>> work) {
        return toItsEnd(Mono.usingWhen(
                Mono.from(server.create()).timeout(settings.connectTimeout().plus(settings.queryTimeout())),
                connection -> inTransaction(connection, patience, work),
                Connection::close));
    }

    private <T> Mono<T> inTransaction(Connection connection, Duration patience, Function<Connection, Mono<T>> work) {
        return Mono.usingWhen(
                        Mono.just(connection),
                        open -> Statements.rowsUpdated(open.createStatement(begin(patience)))
                                .then(Mono.defer(() -> work.apply(open))),
                        Connection::commitTransaction,
                        (open, e) -> open.rollbackTransaction(),
                        Connection::rollbackTransaction)
                .timeout(patience.plus(GRACE));
    }

    /** Without values to bind it is one message and one round trip. Its settings end with the transaction. */
    private String begin(Duration patience) {
        return "BEGIN; SET LOCAL statement_timeout = " + patience.toMillis() + schema;
    }

    private static String schema(@Nullable Object name) {
        return name == null
                ? ""
                : "; SELECT set_config('search_path', '" + name.toString().replace("'", "''") + "', true)";
    }

    /** Replaces the pooled connections, each once it is unused. */
    void renew() {
        renewed = clock.millis();
    }

    /** Turns errors into signals, because the caller may have left. */
    private static <T> Mono<T> toItsEnd(Mono<T> work) {
        return Mono.fromFuture(() -> work.materialize().toFuture(), true).dematerialize();
    }

    /** Closes a connection that does not answer: the pool notices it and makes another. */
    private static Mono<Void> giveUp(Connection pooled) {
        Mono<Void> broken = pooled instanceof Wrapped<?> wrapped && wrapped.unwrap() instanceof Connection raw
                ? Mono.from(raw.close()).timeout(GRACE).onErrorComplete()
                : Mono.empty();
        return broken.then(Mono.from(pooled.close()));
    }

    /** Waits a moment for work in progress. */
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
