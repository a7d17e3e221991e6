package dev.parley.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.parley.error.ParleyException;
import dev.parley.support.Await;
import dev.parley.support.LogWatch;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** PostgreSQL behind a pooler that is set up as it comes. */
final class PgBouncerIT {

    private static final int NODES = 3;
    private static final int STATEMENTS = 300;
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /**
     * Fewer sessions of the server than there are connections, so that each of these gets one after the other. Debian 13's would keep the
     * names of statements apart, which others do not.
     */
    static Stream<Arguments> poolers() {
        return Stream.of(
                Arguments.of("1.18", "session", List.of()),
                Arguments.of("1.18", "transaction", List.of("default_pool_size", "4")),
                Arguments.of("1.24", "session", List.of()),
                Arguments.of("1.24", "transaction", List.of("default_pool_size", "4", "max_prepared_statements", "0")));
    }

    private static TestPgBouncer start(String version, String url, String mode, List<String> more) {
        return TestPgBouncer.start(
                version,
                url,
                Stream.concat(Stream.of("pool_mode", mode), more.stream()).toArray(String[]::new));
    }

    private static List<Postgres> nodes(String url) {
        List<Postgres> nodes =
                IntStream.range(0, NODES).mapToObj(i -> TestPostgres.of(url, 6)).toList();
        nodes.forEach(Postgres::open);
        nodes.forEach(node -> node.reached().block(LIMIT));
        return nodes;
    }

    private static void close(List<Postgres> nodes) {
        nodes.forEach(node -> node.close().block(LIMIT));
    }

    private static Mono<Long> number(Postgres postgres, String sql, Object... values) {
        return postgres.query(
                        sql,
                        statement -> {
                            for (int i = 0; i < values.length; i++) {
                                statement.bind(i, values[i]);
                            }
                            return statement;
                        },
                        row -> Objects.requireNonNull(row.get(0, Long.class)))
                .single();
    }

    /** As different as statements are; each emits the number it is given. */
    private static Mono<Long> statement(Postgres postgres, long number) {
        return switch ((int) (number % 5)) {
            case 0 -> number(postgres, "SELECT $1::bigint", number);
            case 1 -> number(postgres, "SELECT length($1::text)::bigint + $2", "four", number - 4);
            case 2 ->
                number(postgres, "SELECT sum(each)::bigint FROM unnest($1::bigint[]) AS each", (Object)
                        new Long[] {number, 1L, -1L});
            case 3 ->
                postgres.inTransaction(connection -> Statements.rowsUpdated(connection
                                .createStatement("INSERT INTO leaderboard_days (day, tenant_id, agent, resolutions)"
                                        + " VALUES ('2026-11-23', 'acme', $1, $2)")
                                .bind("$1", "agent-" + number)
                                .bind("$2", number))
                        .thenMany(Flux.from(connection
                                        .createStatement("SELECT resolutions FROM leaderboard_days WHERE agent = $1")
                                        .bind("$1", "agent-" + number)
                                        .execute())
                                .concatMap(result -> result.map(row -> Objects.requireNonNull(row.get(0, Long.class)))))
                        .single());
            default ->
                postgres.update(
                                "UPDATE leaderboard_days SET failures = failures + 1 WHERE agent = $1",
                                values -> values.bind("$1", "nobody-" + number))
                        .map(rows -> number + rows);
        };
    }

    @ParameterizedTest
    @MethodSource("poolers")
    void eachStatementOfManyAtOnceHasItsOwnResult(String version, String mode, List<String> more) {
        String url = TestPostgres.newDatabase();
        try (TestPgBouncer pooler = start(version, url, mode, more)) {
            List<Postgres> nodes = nodes(pooler.url(url));
            List<Long> numbers = Flux.range(0, STATEMENTS)
                    .flatMapSequential(i -> statement(nodes.get(i % NODES), i).onErrorReturn(-1L), STATEMENTS, 1)
                    .collectList()
                    .block(LIMIT);

            assertThat(numbers)
                    .isEqualTo(IntStream.range(0, STATEMENTS)
                            .mapToObj(Long::valueOf)
                            .toList());
            assertThat(number(nodes.get(0), "SELECT count(*) FROM leaderboard_days")
                            .block(LIMIT))
                    .isEqualTo(STATEMENTS / 5);
            assertThat(Flux.range(0, 20)
                            .flatMap(
                                    i -> number(
                                            nodes.get(0),
                                            "SELECT count(*) FROM pg_prepared_statements WHERE name <> ''"),
                                    20)
                            .distinct()
                            .collectList()
                            .block(LIMIT))
                    .as("named statements that stay behind")
                    .containsExactly(0L);
            assertThat(number(nodes.get(0), "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
                            .block(LIMIT))
                    .as("locks that stay behind")
                    .isZero();
            assertThat(number(nodes.get(0), "SELECT count(*) FROM parley_migrations")
                            .block(LIMIT))
                    .isEqualTo(2);
            close(nodes);
        }
    }

    @ParameterizedTest
    @MethodSource("poolers")
    void theServerEndsAStatementThatTakesTooLong(String version, String mode, List<String> more) {
        String url = TestPostgres.newDatabase();
        try (TestPgBouncer pooler = start(version, url, mode, more)) {
            Postgres postgres = new Postgres(
                    TestPostgres.settings(pooler.url(url), "pool", "2", "connect-timeout", "1m", "query-timeout", "2s"),
                    "parley:slow",
                    null);
            postgres.open();
            postgres.reached().block(LIMIT);

            assertThatThrownBy(() -> postgres.update("SELECT pg_sleep(600)", UnaryOperator.identity())
                            .block(LIMIT))
                    .isInstanceOf(ParleyException.class)
                    .hasMessageContaining("statement timeout");
            Await.until(
                    "nothing is left of it",
                    () -> Objects.equals(
                            number(
                                            postgres,
                                            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sleep(600)%' AND state = 'active'"
                                                    + " AND pid <> pg_backend_pid()")
                                    .block(LIMIT),
                            0L));
            postgres.close().block(LIMIT);
        }
    }

    @ParameterizedTest
    @MethodSource("poolers")
    void aSchemaIsThatOfEachTransaction(String version, String mode, List<String> more) {
        String url = TestPostgres.newDatabase();
        TestPostgres.executeOn(url, "CREATE SCHEMA \"it's\"");
        try (TestPgBouncer pooler = start(version, url, mode, more)) {
            List<Postgres> nodes = nodes(pooler.url(url) + "?schema=%22it's%22");
            assertThat(number(
                                    nodes.get(0),
                                    "SELECT count(*) FROM pg_tables WHERE schemaname = $1 AND tablename = 'messages'",
                                    "it's")
                            .block(LIMIT))
                    .isEqualTo(1);
            close(nodes);
        }
    }

    private static List<String> tries(LogWatch log) {
        return log.lines().stream()
                .filter(line -> line.contains("is not ready yet"))
                .toList();
    }

    private static String told(String url) {
        Postgres postgres = TestPostgres.of(url);
        Logger logger = (Logger) LoggerFactory.getLogger(Postgres.class);
        logger.setLevel(Level.DEBUG);
        try (LogWatch log = LogWatch.open()) {
            postgres.open();
            Await.until("it is tried several times", () -> tries(log).size() > 3);
            List<String> tries = tries(log);
            assertThat(tries.stream().filter(line -> line.startsWith("WARN"))).hasSize(1);
            assertThat(tries.get(0)).startsWith("WARN").contains(Objects.requireNonNull(postgres.trouble()));
            return Objects.requireNonNull(postgres.trouble());
        } finally {
            logger.setLevel(null);
            postgres.close().block(LIMIT);
        }
    }

    @ParameterizedTest
    @FieldSource("dev.parley.postgres.TestPgBouncer#VERSIONS")
    void aPoolerThatCanNotBeUsedIsToldOnceWithAdvice(String version) {
        String url = TestPostgres.newDatabase();
        try (TestPgBouncer pooler = start(version, url, "statement", List.of())) {
            assertThat(told(pooler.url(url))).contains("pool_mode");
        }
        try (TestPgBouncer pooler = start(version, url, "transaction", List.of())) {
            assertThat(told(pooler.url(url) + "?options=work_mem=1MB"))
                    .contains("work_mem", "ignore_startup_parameters");
        }
    }
}
