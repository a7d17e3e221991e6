package dev.parley.audit;

import dev.parley.postgres.Postgres;
import dev.parley.postgres.Statements;
import io.r2dbc.spi.Connection;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The monthly tables of {@code audit_entries}: created in advance, so that no entry waits for one, and dropped as a whole when retention is
 * over. In UTC.
 */
final class Partitions {

    private static final Logger LOG = LoggerFactory.getLogger(Partitions.class);

    private static final long MONTHS_BACK = 1;
    private static final long MONTHS_AHEAD = 2;
    /** "parley" and 1: nodes create tables one after the other. */
    private static final String LOCK = "SELECT pg_advisory_xact_lock(1885434489, 1)";

    /** The lock comes first: concurrent inserts into the table for the rest wait, are then rejected there and tried again. */
    private static final String MAKE = """
            DO $do$
            BEGIN
              IF to_regclass('$name') IS NULL THEN
                CREATE TABLE $name (LIKE audit_entries INCLUDING ALL);
                LOCK TABLE audit_entries_other IN SHARE ROW EXCLUSIVE MODE;
                WITH moved AS (DELETE FROM audit_entries_other WHERE at >= '$from' AND at < '$to' RETURNING *)
                  INSERT INTO $name SELECT * FROM moved;
                ALTER TABLE audit_entries ATTACH PARTITION $name FOR VALUES FROM ('$from') TO ('$to');
              END IF;
            END
            $do$
            """;

    /** Digits of any script: earlier versions used those of the JVM's language. */
    private static final Pattern NAME = Pattern.compile("audit_entries_(\\p{Nd}{4})_(\\p{Nd}{2})");

    private static final String ALL =
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit_entries'::regclass";

    private final Postgres postgres;
    private final @Nullable Duration retention;
    private final Clock clock;
    private volatile boolean tried;

    Partitions(Postgres postgres, @Nullable Duration retention) {
        this(postgres, retention, Clock.systemUTC());
    }

    Partitions(Postgres postgres, @Nullable Duration retention, Clock clock) {
        this.postgres = postgres;
        this.retention = retention;
        this.clock = clock;
    }

    /** Creates the tables needed soon and drops expired ones. */
    Mono<Void> keep() {
        return Mono.defer(() -> {
            YearMonth now = YearMonth.now(clock);
            return rename().thenMany(Flux.fromStream(
                            LongStream.rangeClosed(-MONTHS_BACK, MONTHS_AHEAD).mapToObj(now::plusMonths)))
                    .concatMap(this::make)
                    .then(Mono.defer(this::drop));
        });
    }

    /** Completes when {@link #keep} was tried here; never fails. */
    Mono<Void> tried() {
        return Mono.defer(() -> tried
                ? Mono.empty()
                : keep().doOnError(e -> LOG.warn(
                                "The monthly tables of the audit trail could not be created yet: {}", e.getMessage()))
                        .onErrorComplete()
                        .doOnSuccess(done -> tried = true));
    }

    /**
     * Creates a month's table and moves its entries out of the table for the rest. If that takes longer than a transaction may, they stay
     * there, as do later ones, until the next time.
     */
    private Mono<Void> make(YearMonth month) {
        String make = MAKE.replace("$name", name(month))
                .replace("$from", month.atDay(1) + "T00:00:00Z")
                .replace("$to", month.plusMonths(1).atDay(1) + "T00:00:00Z");
        return postgres.inTransaction(connection -> execute(connection, LOCK)
                        .then(execute(connection, make))
                        .thenReturn(true))
                .onErrorResume(e -> {
                    LOG.warn(
                            "The audit entries of {} could not be moved to their monthly table: {}",
                            month,
                            e.getMessage());
                    return Mono.empty();
                })
                .then();
    }

    /** Renames tables whose names have other digits, which would be neither found nor dropped by name. */
    private Mono<Void> rename() {
        return all().concatMap(table -> {
                    YearMonth month = month(table);
                    return month == null || name(month).equals(withoutSchema(table))
                            ? Mono.<Long>empty()
                            : postgres.update(
                                            "ALTER TABLE IF EXISTS " + table + " RENAME TO " + name(month),
                                            UnaryOperator.identity())
                                    .doOnSuccess(done ->
                                            LOG.info("The audit partition {} was renamed to {}", table, name(month)));
                })
                .then();
    }

    /** The tables' names in SQL. */
    private Flux<String> all() {
        return postgres.query(ALL, UnaryOperator.identity(), row -> Objects.requireNonNull(row.get(0, String.class)));
    }

    private Mono<Void> drop() {
        if (retention == null) {
            return Mono.empty();
        }
        Instant until = clock.instant().minus(retention);
        return all().filter(name -> isOver(name, until))
                .concatMap(name -> postgres.update("DROP TABLE IF EXISTS " + name, UnaryOperator.identity())
                        .doOnSuccess(done ->
                                LOG.info("The audit entries in {} were dropped: their retention is over", name)))
                .then(postgres.update(
                        "DELETE FROM audit_entries_other WHERE at < $1",
                        values -> values.bind("$1", until.atOffset(ZoneOffset.UTC))))
                .then();
    }

    private static boolean isOver(String table, Instant until) {
        YearMonth month = month(table);
        return month != null
                && !month.plusMonths(1)
                        .atDay(1)
                        .atStartOfDay(ZoneOffset.UTC)
                        .toInstant()
                        .isAfter(until);
    }

    /** The month of a table; null for the table for the rest. */
    static @Nullable YearMonth month(String table) {
        Matcher name = NAME.matcher(withoutSchema(table));
        return name.matches() ? YearMonth.of(Integer.parseInt(name.group(1)), Integer.parseInt(name.group(2))) : null;
    }

    private static String withoutSchema(String table) {
        return table.substring(table.indexOf('.') + 1).replace("\"", "");
    }

    static String name(YearMonth month) {
        return String.format(Locale.ROOT, "audit_entries_%04d_%02d", month.getYear(), month.getMonthValue());
    }

    private static Mono<Void> execute(Connection connection, String sql) {
        return Statements.rowsUpdated(connection.createStatement(sql)).then();
    }
}
