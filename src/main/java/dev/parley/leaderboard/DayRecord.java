package dev.parley.leaderboard;

import dev.parley.postgres.Postgres;
import io.r2dbc.spi.Readable;
import java.time.LocalDate;
import java.util.List;
import java.util.Objects;
import java.util.function.ToLongFunction;
import reactor.core.publisher.Mono;

/**
 * The days in PostgreSQL, permanently. Cold; fails with a {@link dev.parley.error.ParleyException} {@code unavailable} while PostgreSQL is
 * unavailable.
 */
public final class DayRecord {

    /** If Redis has lost the first half of a day, the record keeps its own figures until Redis' are higher again. */
    private static final String PUT = """
            INSERT INTO leaderboard_days (day, tenant_id, agent, resolutions, failures, total_time)
            SELECT $1, $2, agent, resolutions, failures, millis / 1000.0
            FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::bigint[]) AS new (agent, resolutions, failures, millis)
            ON CONFLICT (day, tenant_id, agent) DO UPDATE SET
              resolutions = EXCLUDED.resolutions, failures = EXCLUDED.failures, total_time = EXCLUDED.total_time
            WHERE EXCLUDED.resolutions + EXCLUDED.failures >= leaderboard_days.resolutions + leaderboard_days.failures
            """;

    /** Ordered as {@link Standing} ranks: by name as Java compares them, by UTF-16, which for ids is by byte. */
    private static final String TOP = """
            SELECT agent, sum(resolutions)::bigint AS resolved, round(sum(total_time) * 1000)::bigint AS millis,
              sum(resolutions + failures)::bigint
            FROM leaderboard_days
            WHERE tenant_id = $1 AND day BETWEEN $2 AND $3
            GROUP BY agent
            ORDER BY resolved DESC, millis, agent COLLATE "C"
            LIMIT $4
            """;

    private final Postgres postgres;

    public DayRecord(Postgres postgres) {
        this.postgres = postgres;
    }

    /** Writes a whole day. */
    Mono<Long> put(String tenant, LocalDate date, List<Figures> figures) {
        return postgres.update(
                PUT,
                values -> values.bind("$1", date)
                        .bind("$2", tenant)
                        .bind("$3", figures.stream().map(Figures::agent).toArray(String[]::new))
                        .bind("$4", numbers(figures, Figures::resolutions))
                        .bind("$5", numbers(figures, its -> its.all() - its.resolutions()))
                        .bind("$6", numbers(figures, Figures::millis)));
    }

    private static Long[] numbers(List<Figures> figures, ToLongFunction<Figures> field) {
        return figures.stream().map(field::applyAsLong).toArray(Long[]::new);
    }

    /** The first places of some days taken together, both included. */
    Mono<List<Figures>> top(String tenant, LocalDate from, LocalDate to, int limit) {
        return postgres.query(
                        TOP,
                        values -> values.bind("$1", tenant)
                                .bind("$2", from)
                                .bind("$3", to)
                                .bind("$4", limit),
                        row -> new Figures(text(row), number(row, 1), number(row, 2), number(row, 3)))
                .collectList();
    }

    private static String text(Readable row) {
        return Objects.requireNonNull(row.get(0, String.class));
    }

    private static long number(Readable row, int column) {
        return Objects.requireNonNull(row.get(column, Long.class));
    }
}
