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
 * server: so all is done in transactions, nothing is set beyond one, and no statement has a name.
 */
final class Connections {

    /** More who wait for a connection are refused. */
    private static final int MAX_WAITING = 1_000;
    /** The server ends a statement that takes too long; if it does not, the connection is given up so much later. */
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
    /** What was made until then (ms) is not used again. */
    private volatile long renewed;

    Connections(PostgresSettings settings, PostgresUrl url, String username, String applicationName) {
        this.settings = settings;
        this.server = ConnectionFactories.get(options(url, username, applicationName));
        this.schema = schema(url.options().getValue(SCHEMA));
        this.pool = new ConnectionPool(ConnectionPoolConfiguration.builder(server)
                .maxSize(settings.pool())
                .initialSize(0)
                .minIdle(0)
                // After a restart of the server each of them may turn out to be broken.
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
                // The driver would send the schema as a parameter of the connection, which poolers refuse.
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
     * Does something in a transaction, with a connection of the pool, which goes back when that is done. Cold; on PostgreSQL's event loop.
     * It goes on to its end even when whoever asked has left: the driver loses the buffers of a statement that is cancelled while its values
     * are bound, and the pool gives a connection to the next one as soon as its asker has left, whatever is still done with it. Who leaves
     * before it has one only gives it back.
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
     * Does something in a transaction, with a connection that is made for it and closed behind it. Cold; on PostgreSQL's event loop.
     *
     * @param patience with a statement, and with the transaction
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

    /** It has no values to bind, so it is one message and one trip. What it sets ends with the transaction. */
    private String begin(Duration patience) {
        return "BEGIN; SET LOCAL statement_timeout = " + patience.toMillis() + schema;
    }

    private static String schema(@Nullable Object name) {
        return name == null
                ? ""
                : "; SELECT set_config('search_path', '" + name.toString().replace("'", "''") + "', true)";
    }

    /** Those of the pool are closed once nothing is done with them, and others made in their place. */
    void renew() {
        renewed = clock.millis();
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
