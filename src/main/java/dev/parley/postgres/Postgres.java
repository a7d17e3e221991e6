package dev.parley.postgres;

import dev.parley.frame.ErrorCode;
import dev.parley.frame.Refusal;
import dev.parley.support.RetryPolicy;
import dev.parley.support.Succession;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.core.IntervalFunction;
import io.github.resilience4j.reactor.circuitbreaker.operator.CircuitBreakerOperator;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * The PostgreSQL that all nodes share. From {@link #open} on it is tried in the background until it is there and its schema is up to date;
 * until then, and while it is away, calls fail at once with a {@link Refusal} {@code unavailable}. A call that PostgreSQL itself refuses
 * fails with the driver's {@link io.r2dbc.spi.R2dbcException}.
 *
 * <p>Circuit breaker: it opens when half of the last calls could not reach PostgreSQL or were not answered in time, and one query of its
 * own tries whether it is back, after a wait that is jittered and grows to 10 s.
 *
 * <p>Thread-safe; everything is cold and comes on PostgreSQL's event loop.
 */
public final class Postgres {

    private static final Logger LOG = LoggerFactory.getLogger(Postgres.class);

    private static final int WINDOW = 16;
    private static final int FEWEST = 4;
    private static final Duration SHORTEST_WAIT = Duration.ofMillis(200);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);
    private static final RetryPolicy START = new RetryPolicy(SHORTEST_WAIT, LONGEST_WAIT, Long.MAX_VALUE);

    private final PostgresSettings settings;
    private final Connections connections;
    private final CircuitBreaker breaker = CircuitBreaker.of(
            "postgres",
            CircuitBreakerConfig.custom()
                    .slidingWindow(WINDOW, FEWEST, SlidingWindowType.COUNT_BASED)
                    .failureRateThreshold(50)
                    .recordException(Failures::isAway)
                    .automaticTransitionFromOpenToHalfOpenEnabled(true)
                    .permittedNumberOfCallsInHalfOpenState(1)
                    .waitIntervalFunctionInOpenState(
                            IntervalFunction.ofExponentialRandomBackoff(SHORTEST_WAIT, 2, 0.5, LONGEST_WAIT))
                    .writableStackTraceEnabled(false)
                    .build());
    private final Sinks.Many<Boolean> up = Sinks.many().replay().latestOrDefault(false);
    private final Disposable.Swap preparing = Disposables.swap();
    private final Succession probing = new Succession();
    private volatile boolean prepared;
    private volatile String trouble = "";

    public Postgres(PostgresSettings settings) {
        this.settings = settings;
        this.connections = new Connections(settings);
        breaker.getEventPublisher().onStateTransition(change -> moved(breaker.getState()));
    }

    /** Starts to connect and to bring the schema up to date, and goes on trying until {@link #close}. */
    public void open() {
        preparing.update(prepare()
                .doOnError(e -> LOG.warn("{} is not ready yet: {}", settings, Failures.advice(e)))
                .retryWhen(START.asReactorRetry())
                .subscribe(null, null, () -> {
                    prepared = true;
                    LOG.info("PostgreSQL is there, its schema up to date: {}", settings.url());
                    changed();
                }));
    }

    private Mono<Void> prepare() {
        // A question first, since the migration shows a server that is away with a stack trace.
        return Mono.usingWhen(connections.server().create(), Postgres::ask, Connection::close)
                .timeout(settings.connectTimeout().plus(settings.queryTimeout()))
                .then(Migrations.run(connections.server()));
    }

    private static Mono<Void> ask(Connection connection) {
        return Flux.from(connection.createStatement("SELECT 1").execute())
                .concatMap(Result::getRowsUpdated)
                .then();
    }

    /** Completes when PostgreSQL has been reached for the first time and its schema is up to date. */
    public Mono<Void> reached() {
        return up.asFlux().filter(now -> now).next().then();
    }

    public boolean isUp() {
        return prepared && breaker.getState() == State.CLOSED;
    }

    /** Whether calls pass: the present state, then each change. Hot, never ends; on Reactor's parallel scheduler. */
    public Flux<Boolean> up() {
        return up.asFlux().distinctUntilChanged().publishOn(Schedulers.parallel());
    }

    /**
     * Reads rows. They are all read before the first one is emitted, so that no connection waits for who is slow: bound them by a
     * {@code LIMIT}.
     *
     * @param sql with {@code $1} for the first value
     * @param values binds them
     * @param read makes something of a row; not null
     */
    public <T> Flux<T> query(String sql, UnaryOperator<Statement> values, Function<Readable, T> read) {
        return guarded(connections.use(connection -> Flux.from(
                                values.apply(connection.createStatement(sql)).execute())
                        .concatMap(result -> result.map(read))
                        .collectList()))
                .flatMapIterable(rows -> rows);
    }

    /** Writes. Emits how many rows that touched. */
    public Mono<Long> update(String sql, UnaryOperator<Statement> values) {
        return guarded(connections.use(connection -> rowsUpdated(values.apply(connection.createStatement(sql)))));
    }

    /** Does several things, all or none. What is done in it must end; it is cut off after the time of a query. */
    public <T> Mono<T> inTransaction(Function<Connection, Mono<T>> work) {
        return guarded(connections.use(connection -> Mono.usingWhen(
                Mono.from(connection.beginTransaction()).thenReturn(connection),
                work,
                Connection::commitTransaction,
                (open, e) -> open.rollbackTransaction(),
                Connection::rollbackTransaction)));
    }

    /** How many rows a statement touched, for use in a transaction. */
    public static Mono<Long> rowsUpdated(Statement statement) {
        return Flux.from(statement.execute()).concatMap(Result::getRowsUpdated).reduce(0L, Long::sum);
    }

    /** What is refused before PostgreSQL was reached says nothing of it now: the breaker does not hear of that. */
    private <T> Mono<T> guarded(Mono<T> call) {
        Mono<T> judged = call.onErrorMap(this::mapped)
                .transformDeferred(CircuitBreakerOperator.of(breaker))
                .onErrorMap(
                        CallNotPermittedException.class,
                        e -> unavailable("PostgreSQL can't be reached: it is being tried again"));
        return Mono.defer(() -> prepared ? judged : Mono.<T>error(unavailable("PostgreSQL has not been reached yet")));
    }

    private Throwable mapped(Throwable e) {
        Throwable mapped = Failures.mapped(e);
        if (Failures.isAway(mapped)) {
            trouble = Failures.advice(e);
        }
        return mapped;
    }

    private static Refusal unavailable(String message) {
        return Refusal.of(ErrorCode.UNAVAILABLE, message);
    }

    private void moved(State state) {
        changed();
        switch (state) {
            case OPEN -> LOG.warn("PostgreSQL is away: calls are refused: {}", trouble);
            case HALF_OPEN ->
                probing.begin(() -> guarded(connections.use(Postgres::ask))
                        .subscribe(null, e -> LOG.debug("PostgreSQL is still away: {}", e.getMessage())));
            case CLOSED -> LOG.info("PostgreSQL answers: calls pass");
            default -> throw new IllegalStateException("nobody put the breaker into " + state);
        }
    }

    /** Called by whatever thread made the change; the last one to come through here tells the truth. */
    private void changed() {
        synchronized (up) {
            up.emitNext(isUp(), Sinks.EmitFailureHandler.FAIL_FAST);
        }
    }

    /** Closes all connections. */
    public Mono<Void> close() {
        return Mono.defer(() -> {
            preparing.dispose();
            probing.dispose();
            return connections.close();
        });
    }
}
