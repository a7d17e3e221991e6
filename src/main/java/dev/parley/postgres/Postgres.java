package dev.parley.postgres;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.support.LatestSubscription;
import dev.parley.support.RetryPolicy;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.core.IntervalFunction;
import io.github.resilience4j.reactor.circuitbreaker.operator.CircuitBreakerOperator;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Statement;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * The PostgreSQL that all nodes share. From {@link #open} on it is tried in the background until it is reached and its schema is up to
 * date. Until then, and while it is unavailable, calls fail immediately with a {@link ParleyException} {@code unavailable}. A call that
 * PostgreSQL itself rejects fails with the driver's {@link io.r2dbc.spi.R2dbcException}.
 *
 * <p>Circuit breaker: it opens when half of the latest calls could not reach PostgreSQL or were not answered in time. One query of its own
 * tests whether PostgreSQL is available again, after a wait that is jittered and grows to 10 s. A read-only server opens nothing: reads
 * continue, writes fail immediately, and a query on a new connection tests, after such waits, whether it accepts them again.
 *
 * <p>Thread-safe; everything is cold and comes on PostgreSQL's event loop.
 */
public final class Postgres {

    private static final Logger LOG = LoggerFactory.getLogger(Postgres.class);

    private static final int WINDOW = 16;
    private static final int FEWEST = 4;
    private static final Duration SHORTEST_WAIT = Duration.ofMillis(200);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);
    private static final String NOT_YET = "PostgreSQL has not been reached yet";
    private static final RetryPolicy AGAIN = new RetryPolicy(SHORTEST_WAIT, LONGEST_WAIT, Long.MAX_VALUE);

    private final PostgresSettings settings;
    private final String applicationName;
    private final PostgresUrl url;
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
    private final LatestSubscription probing = new LatestSubscription();
    private final LatestSubscription askingForWrites = new LatestSubscription();
    /** Tests since the last successful write. */
    private final AtomicInteger asked = new AtomicInteger();

    private volatile boolean prepared;
    /** The reason of the last failure. */
    private volatile String trouble = NOT_YET;
    /** The reason why PostgreSQL accepts no writes; empty while it does. */
    private volatile String readOnly = "";
    /** What has been logged of the present outage. */
    private volatile String told = "";

    /**
     * @param applicationName as {@code pg_stat_activity} shows it
     * @param embedded the server to use instead of the one that the settings name; null for that one
     */
    public Postgres(PostgresSettings settings, String applicationName, @Nullable EmbeddedPostgres embedded) {
        this.settings = settings;
        this.applicationName = applicationName;
        this.url = embedded == null ? settings.url().orElseThrow() : embedded.url();
        this.connections = new Connections(
                settings, url, embedded == null ? settings.username().orElseThrow() : embedded.user(), applicationName);
        breaker.getEventPublisher().onStateTransition(change -> moved(breaker.getState()));
    }

    /** Starts to connect and to update the schema, and keeps trying until {@link #close}. */
    public void open() {
        preparing.update(prepare()
                .doOnError(e -> {
                    trouble = Failures.advice(e);
                    tell("{} is not ready yet: {}", applicationName + " at " + url);
                })
                .retryWhen(AGAIN.asReactorRetry())
                .subscribe(null, null, () -> {
                    prepared = true;
                    told = "";
                    LOG.info("PostgreSQL is available, its schema is up to date: {}", url);
                    changed();
                }));
    }

    private Mono<Void> prepare() {
        return connections
                .useNew(
                        Migrations.PATIENCE,
                        connection -> Migrations.run(connection).then(refusal(connection)))
                .doOnNext(this::refusesWrites)
                .then();
    }

    /**
     * The reason why a server that answers accepts no writes; empty if it does. The statement has a value to bind, as most statements have.
     */
    private static Mono<String> refusal(Connection connection) {
        return Flux.from(connection
                        .createStatement("SELECT current_setting($1) = 'on', pg_is_in_recovery()")
                        .bind("$1", "transaction_read_only")
                        .execute())
                .concatMap(result -> result.map(row -> {
                    if (Boolean.TRUE.equals(row.get(1, Boolean.class))) {
                        return "it is a standby: see the hosts in parley.postgres.url";
                    }
                    return Boolean.TRUE.equals(row.get(0, Boolean.class))
                            ? "default_transaction_read_only is on: see whether the server's disk is full"
                            : "";
                }))
                .single()
                .filter(why -> !why.isEmpty());
    }

    /** Warns once per reason. */
    private void tell(String text, String what) {
        if (told.equals(trouble)) {
            LOG.debug(text, what, trouble);
        } else {
            told = trouble;
            LOG.warn(text, what, trouble);
        }
    }

    /** Completes when PostgreSQL has been reached for the first time and its schema is up to date. */
    public Mono<Void> reached() {
        return up.asFlux().filter(now -> now).next().then();
    }

    /** Whether all calls pass, including writes. */
    public boolean isUp() {
        return trouble() == null;
    }

    /** The reason why not all calls pass, for the operator; null while they do. */
    public @Nullable String trouble() {
        if (!prepared || breaker.getState() != State.CLOSED) {
            return trouble;
        }
        return readOnly.isEmpty() ? null : "PostgreSQL accepts no writes: " + readOnly;
    }

    /** Whether all calls pass: the present state, then each change. Hot, never ends; on Reactor's parallel scheduler. */
    public Flux<Boolean> up() {
        return up.asFlux().distinctUntilChanged().publishOn(Schedulers.parallel());
    }

    /**
     * Reads rows. All are read before the first one is emitted, so that no connection waits for a slow subscriber: bound them by a {@code
     * LIMIT}.
     *
     * @param sql with {@code $1} for the first value
     * @param values binds them
     * @param read converts a row; not null
     */
    public <T> Flux<T> query(String sql, UnaryOperator<Statement> values, Function<Readable, T> read) {
        return guarded(connections.use(connection -> Flux.from(
                                values.apply(connection.createStatement(sql)).execute())
                        .concatMap(result -> result.map(read))
                        .collectList()))
                .flatMapIterable(rows -> rows);
    }

    /** Writes. Emits the number of affected rows. */
    public Mono<Long> update(String sql, UnaryOperator<Statement> values) {
        return inTransaction(connection -> Statements.rowsUpdated(values.apply(connection.createStatement(sql))));
    }

    /** Runs several statements, including writes, all or none. The work must end; it is cut off after the time limit of a query. */
    public <T> Mono<T> inTransaction(Function<Connection, Mono<T>> work) {
        Mono<T> write = guarded(connections.use(work)).doOnSuccess(done -> asked.set(0));
        return Mono.defer(() ->
                readOnly.isEmpty() ? write : Mono.<T>error(unavailable("PostgreSQL accepts no writes: " + readOnly)));
    }

    /** A failure before PostgreSQL was reached shows nothing about its present state, so the breaker does not count it. */
    private <T> Mono<T> guarded(Mono<T> call) {
        Mono<T> judged = call.doOnError(this::note)
                .transformDeferred(CircuitBreakerOperator.of(breaker))
                .onErrorMap(CallNotPermittedException.class, e -> unavailable("PostgreSQL is unavailable: try again"))
                .onErrorMap(Failures::mapped);
        return Mono.defer(() -> prepared ? judged : Mono.<T>error(unavailable(NOT_YET)));
    }

    private void note(Throwable e) {
        if (Failures.isAway(e)) {
            trouble = Failures.advice(e);
        } else if (Failures.isReadOnly(e)) {
            refusesWrites(Failures.advice(e));
        }
    }

    private void refusesWrites(String why) {
        synchronized (up) {
            if (!readOnly.isEmpty()) {
                return;
            }
            readOnly = why;
        }
        LOG.warn("PostgreSQL accepts no writes, reads continue: {}", why);
        changed();
        askingForWrites.begin(() -> askForWrites().subscribe(null, null, this::takesWrites));
    }

    /**
     * Completes when PostgreSQL accepts writes. The tests become rarer until a write has succeeded, because a new connection may mislead.
     */
    private Mono<Void> askForWrites() {
        return Mono.defer(() -> Mono.delay(AGAIN.delay(asked.getAndIncrement())))
                .then(connections.useNew(settings.queryTimeout(), Postgres::refusal))
                .onErrorResume(e -> {
                    LOG.debug("It is unknown whether PostgreSQL accepts writes: {}", Failures.message(e));
                    return Mono.just(readOnly);
                })
                .doOnNext(why -> readOnly = why)
                .hasElement()
                .repeat()
                .takeWhile(refused -> refused)
                .then();
    }

    /** Replaces the pooled connections, which may still be read-only. */
    private void takesWrites() {
        connections.renew();
        readOnly = "";
        LOG.info("PostgreSQL accepts writes");
        changed();
    }

    private static ParleyException unavailable(String message) {
        return ParleyException.of(ErrorCode.UNAVAILABLE, message);
    }

    private void moved(State state) {
        changed();
        switch (state) {
            case OPEN -> tell("{}: calls are refused: {}", "PostgreSQL is unavailable");
            case HALF_OPEN ->
                probing.begin(() -> guarded(connections.use(Postgres::refusal))
                        .subscribe(null, e -> LOG.debug("PostgreSQL is still unavailable: {}", e.getMessage())));
            case CLOSED -> {
                told = "";
                LOG.info("PostgreSQL answers: calls pass");
            }
            default -> throw new IllegalStateException("the breaker can't be in state " + state);
        }
    }

    /** Reports the present state. Called by the thread that made a change; the last of concurrent ones reports the final state. */
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
            askingForWrites.dispose();
            return connections.close();
        });
    }
}
