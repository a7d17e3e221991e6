package dev.parley.postgres;

import io.r2dbc.spi.Connection;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Updates the schema: each file that the database has not had, in the order of their numbers, all of them or none. Nodes that start at the
 * same time wait for each other at an advisory lock of the transaction: a session's lock would remain in a pooler.
 */
final class Migrations {

    /** Time limit for all of it, including the wait for another node. */
    static final Duration PATIENCE = Duration.ofMinutes(2);

    /** Released files are never changed: a change is a new file. */
    private static final List<String> FILES = List.of("V1__record.sql", "V2__audit_heads.sql");

    private static final Pattern NAME = Pattern.compile("V(\\d+)__(\\w+)\\.sql");

    /** Read once, because event loops must not read files. */
    private static final List<Migration> ALL =
            FILES.stream().map(Migrations::read).toList();

    /** "parley" and 2: the audit trail's months have 1. */
    private static final String LOCK = "SELECT pg_advisory_xact_lock(1885434489, 2)";

    private static final String IS_THERE = "SELECT to_regclass('parley_migrations') IS NOT NULL";
    private static final String CREATE =
            "CREATE TABLE IF NOT EXISTS parley_migrations (id bigint PRIMARY KEY, description text)";
    private static final String DONE = "SELECT coalesce(max(id), 0) FROM parley_migrations";
    private static final String NOTE = "INSERT INTO parley_migrations (id, description) VALUES ($1, $2)";

    private Migrations() {}

    private record Migration(long id, String description, String sql) {}

    private static Migration read(String file) {
        Matcher name = NAME.matcher(file);
        try (InputStream in = Migrations.class.getResourceAsStream("/db/" + file)) {
            if (in == null || !name.matches()) {
                throw new IllegalStateException("no migration " + file);
            }
            String sql = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return new Migration(Long.parseLong(name.group(1)), name.group(2), sql);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Cold. A schema that is up to date is only read, which a read-only server permits, too. */
    static Mono<Void> run(Connection inTransaction) {
        return one(inTransaction, IS_THERE, Boolean.class)
                .flatMap(there -> there ? one(inTransaction, DONE, Long.class) : Mono.just(0L))
                .flatMap(done -> ALL.stream().allMatch(each -> each.id() <= done)
                        ? Mono.<Void>empty()
                        : execute(inTransaction, LOCK)
                                .then(execute(inTransaction, CREATE))
                                .then(one(inTransaction, DONE, Long.class))
                                .flatMap(locked -> missing(inTransaction, locked)));
    }

    private static Mono<Void> missing(Connection connection, long done) {
        return Flux.fromIterable(ALL)
                .filter(each -> each.id() > done)
                .concatMap(each -> execute(connection, each.sql())
                        .then(Statements.rowsUpdated(connection
                                .createStatement(NOTE)
                                .bind("$1", each.id())
                                .bind("$2", each.description()))))
                .then();
    }

    private static Mono<Void> execute(Connection connection, String sql) {
        return Statements.rowsUpdated(connection.createStatement(sql)).then();
    }

    private static <T> Mono<T> one(Connection connection, String sql, Class<T> type) {
        return Flux.from(connection.createStatement(sql).execute())
                .concatMap(result -> result.map(row -> Objects.requireNonNull(row.get(0, type))))
                .single();
    }
}
