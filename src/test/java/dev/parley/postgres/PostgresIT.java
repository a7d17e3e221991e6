package dev.parley.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.support.Await;
import dev.parley.support.LogWatch;
import dev.parley.support.Patience;
import io.netty.buffer.ByteBufAllocator;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

final class PostgresIT {

    private static final UnaryOperator<Statement> NONE = UnaryOperator.identity();

    private final List<Postgres> opened = new ArrayList<>();

    private Postgres open(PostgresSettings settings) {
        Postgres postgres = new Postgres(settings, "parley:test", null);
        opened.add(postgres);
        postgres.open();
        return postgres;
    }

    private static void awaitReached(Postgres postgres) {
        postgres.reached().block(Patience.ofSeconds(30));
    }

    @AfterEach
    void close() {
        opened.forEach(postgres -> postgres.close().block(Patience.ofSeconds(10)));
    }

    private static long number(Postgres postgres, String sql) {
        return Objects.requireNonNull(postgres.query(sql, NONE, row -> Objects.requireNonNull(row.get(0, Long.class)))
                .blockLast(Patience.ofSeconds(10)));
    }

    private static void assertUnavailable(Mono<?> call) {
        assertThatThrownBy(() -> call.block(Patience.ofSeconds(10)))
                .asInstanceOf(InstanceOfAssertFactories.type(ParleyException.class))
                .extracting(ParleyException::code)
                .isEqualTo(ErrorCode.UNAVAILABLE);
    }

    @Test
    void nodesThatStartAtOnceMakeOneSchema() {
        String url = TestPostgres.newDatabase();
        List<Postgres> nodes = IntStream.range(0, 4)
                .mapToObj(i -> open(TestPostgres.settings(url)))
                .toList();
        nodes.forEach(PostgresIT::awaitReached);

        assertThat(number(nodes.get(0), "SELECT count(*) FROM parley_migrations WHERE id > 0"))
                .isEqualTo(2);
        for (String table : List.of("conversations", "messages", "audit_entries", "audit_heads", "leaderboard_days")) {
            assertThat(number(nodes.get(1), "SELECT count(*) FROM " + table)).isZero();
        }
    }

    @Test
    void whoAskedBeforeItWasReachedDoesNotKeepOthersFromItAfterwards() {
        Postgres postgres = TestPostgres.of(TestPostgres.newDatabase());
        opened.add(postgres);
        for (int i = 0; i < 20; i++) {
            assertUnavailable(postgres.update("SELECT 1", NONE));
        }
        postgres.open();
        awaitReached(postgres);

        assertThat(number(postgres, "SELECT 42::bigint")).isEqualTo(42);
    }

    @Test
    void aSchemaThatIsThereIsLeftAsItIs() {
        PostgresSettings settings = TestPostgres.settings(TestPostgres.newDatabase());
        Postgres before = open(settings);
        awaitReached(before);
        String insert = "INSERT INTO leaderboard_days (day, tenant_id, agent) VALUES ('2026-11-23', 'acme', $1)";
        assertThat(before.update(insert, values -> values.bind("$1", "triage")).block())
                .isEqualTo(1);

        Postgres after = open(settings);
        awaitReached(after);

        assertThat(number(after, "SELECT count(*) FROM leaderboard_days")).isEqualTo(1);
    }

    @Test
    void jsonComesBackByteForByte() {
        Postgres postgres = open(TestPostgres.settings(TestPostgres.newDatabase()));
        awaitReached(postgres);
        String json = "{\"z\": 1.50,  \"a\":\"\\u0000\", \"a\":2}";
        String insert = "INSERT INTO messages (conversation_id, generation, seq, role, content, at)"
                + " VALUES ('c', 1, 1, 'user', $1::json, now())";
        assertThat(postgres.update(insert, values -> values.bind("$1", json)).block())
                .isEqualTo(1);

        assertThat(postgres.query(
                                "SELECT content::text FROM messages",
                                NONE,
                                row -> Objects.requireNonNull(row.get(0, String.class)))
                        .blockLast())
                .isEqualTo(json);
    }

    @Test
    void aTransactionIsAllOrNothing() {
        Postgres postgres = open(TestPostgres.settings(TestPostgres.newDatabase()));
        awaitReached(postgres);
        String insert = "INSERT INTO leaderboard_days (day, tenant_id, agent) VALUES ('2026-11-23', 'acme', 'triage')";
        Mono<Long> twice =
                postgres.inTransaction(connection -> Statements.rowsUpdated(connection.createStatement(insert))
                        .then(Statements.rowsUpdated(connection.createStatement(insert))));

        assertThatThrownBy(twice::block).isInstanceOf(R2dbcException.class);
        assertThat(number(postgres, "SELECT count(*) FROM leaderboard_days")).isZero();

        assertThat(postgres.inTransaction(connection -> Statements.rowsUpdated(connection.createStatement(insert)))
                        .block())
                .isEqualTo(1);
        assertThat(number(postgres, "SELECT count(*) FROM leaderboard_days")).isEqualTo(1);
        assertThat(postgres.isUp()).as("what PostgreSQL refuses is no outage").isTrue();
    }

    @Test
    void aStatementThatTakesTooLongIsGivenUpAndItsConnectionIsFreeAgain() {
        PostgresSettings settings =
                TestPostgres.settings(TestPostgres.newDatabase(), "pool", "1", "query-timeout", "300ms");
        Postgres postgres = open(settings);
        awaitReached(postgres);

        assertUnavailable(postgres.update("SELECT pg_sleep(60)", NONE));

        assertThat(number(postgres, "SELECT 42::bigint")).isEqualTo(42);
    }

    @Test
    void itMayBeAwayAtTheStartAndInBetween() {
        try (TestPostgres server = TestPostgres.start()) {
            server.stop();
            Postgres postgres = open(TestPostgres.settings(server.url()));
            assertUnavailable(postgres.update("SELECT 1", NONE));
            assertThat(postgres.isUp()).isFalse();

            server.startAgain();
            awaitReached(postgres);
            // More connections than the breaker has calls, so that each of them is broken when the server is back.
            Long slept = Flux.range(0, 10)
                    .flatMap(i -> postgres.update("SELECT pg_sleep(0.05)", NONE), 10)
                    .reduce(0L, Long::sum)
                    .block();
            assertThat(slept).isNotNull();

            String insert =
                    "INSERT INTO leaderboard_days (day, tenant_id, agent) VALUES ('2026-11-23', 'acme', 'triage')";
            assertThat(postgres.update(insert, NONE).block()).isEqualTo(1);

            server.stop();
            Await.until("the breaker opens", () -> {
                assertUnavailable(postgres.update("SELECT 1", NONE));
                return !postgres.isUp();
            });
            long before = System.nanoTime();
            for (int i = 0; i < 1_000; i++) {
                assertUnavailable(postgres.update("SELECT 1", NONE));
            }
            assertThat(Duration.ofNanos(System.nanoTime() - before))
                    .as("1,000 calls while it is away")
                    .isLessThan(Patience.ofSeconds(5));

            server.startAgain();
            assertThat(postgres.up().filter(up -> up).blockFirst(Patience.ofSeconds(30)))
                    .isTrue();
            assertThat(number(postgres, "SELECT count(*) FROM leaderboard_days"))
                    .isEqualTo(1);
        }
    }

    /** Who leaves goes while its transaction goes on: nobody else may get into that. */
    @Test
    void whoLeavesKeepsItsConnectionUntilItsTransactionHasEnded() {
        Postgres postgres = open(TestPostgres.settings(TestPostgres.newDatabase(), "pool", "1"));
        awaitReached(postgres);
        Sinks.Empty<Void> halfWay = Sinks.empty();
        Disposable left = postgres.inTransaction(connection -> Statements.rowsUpdated(insert(connection, "first"))
                        .doOnNext(rows ->
                                assertThat(halfWay.tryEmitEmpty().isSuccess()).isTrue())
                        .then(Statements.rowsUpdated(connection.createStatement("SELECT pg_sleep(0.3)")))
                        .then(Statements.rowsUpdated(insert(connection, "second"))))
                .subscribe();
        halfWay.asMono().block(Patience.ofSeconds(10));
        left.dispose();

        assertThat(number(postgres, "SELECT count(*) FROM leaderboard_days")).isEqualTo(2);
    }

    private static Statement insert(Connection connection, String agent) {
        return connection
                .createStatement(
                        "INSERT INTO leaderboard_days (day, tenant_id, agent) VALUES ('2026-11-23', 'acme', $1)")
                .bind("$1", agent);
    }

    @Test
    void whoLeavesBeforeItHasAConnectionAsksForNothing() {
        Postgres postgres = open(TestPostgres.settings(TestPostgres.newDatabase(), "pool", "1"));
        awaitReached(postgres);
        Mono<Long> slow = postgres.update("SELECT pg_sleep(0.3)", NONE);
        CompletableFuture<Long> first = slow.toFuture();
        postgres.inTransaction(connection -> Statements.rowsUpdated(insert(connection, "late")))
                .subscribe()
                .dispose();

        assertThat(number(postgres, "SELECT count(*) FROM leaderboard_days")).isZero();
        assertThat(first).isCompleted();
    }

    /** The driver loses the buffers of a statement that is cancelled while it is bound. */
    @Test
    void whoLeavesInTheMiddleLeaksNothingAndKeepsNoConnection() {
        Postgres postgres = open(TestPostgres.settings(TestPostgres.newDatabase()));
        awaitReached(postgres);
        String[] many = IntStream.range(0, 200).mapToObj("number %s"::formatted).toArray(String[]::new);
        UnaryOperator<Statement> values =
                to -> to.bind("$1", many).bind("$2", many).bind("$3", many).bind("$4", many);
        String sql = "SELECT count(*) FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])";
        try (LogWatch log = LogWatch.open()) {
            for (int i = 0; i < 2_000; i++) {
                Disposable left = postgres.inTransaction(
                                connection -> Statements.rowsUpdated(connection.createStatement("SELECT 1"))
                                        .then(Statements.rowsUpdated(values.apply(connection.createStatement(sql)))))
                        .subscribe();
                LockSupport.parkNanos(ThreadLocalRandom.current().nextInt(2_000_000));
                left.dispose();
            }
            assertThat(Flux.range(0, 20)
                            .flatMap(each -> postgres.query(sql, values, row -> row.get(0, Long.class)), 20)
                            .collectList()
                            .block(Patience.ofSeconds(10)))
                    .hasSize(20)
                    .containsOnly(200L);
            postgres.close().block(Patience.ofSeconds(10));
            for (int i = 0; i < 5; i++) {
                System.gc();
                // The detector tells when something is allocated.
                ByteBufAllocator.DEFAULT.directBuffer().release();
                LockSupport.parkNanos(50_000_000);
            }
            log.assertQuiet();
        }
    }
}
