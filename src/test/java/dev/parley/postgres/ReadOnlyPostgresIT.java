package dev.parley.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.error.ParleyException;
import dev.parley.support.Await;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A server that answers and takes no writes for a while, or that became a standby. */
final class ReadOnlyPostgresIT {

    private static final Logger LOG = LoggerFactory.getLogger(ReadOnlyPostgresIT.class);
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int POOL = 4;

    private final List<Postgres> opened = new ArrayList<>();
    private final TestPostgres server = TestPostgres.start();

    @AfterEach
    void close() {
        opened.forEach(postgres -> postgres.close().block(LIMIT));
        server.close();
    }

    private Postgres open(String url) {
        Postgres postgres = TestPostgres.of(url, POOL);
        opened.add(postgres);
        postgres.open();
        return postgres;
    }

    @CanIgnoreReturnValue
    private Postgres reached(String url) {
        Postgres postgres = open(url);
        postgres.reached().block(LIMIT);
        return postgres;
    }

    private static Mono<Long> write(Postgres postgres) {
        return postgres.update(
                "INSERT INTO leaderboard_days (day, tenant_id, agent) VALUES ('2026-11-23', 'acme', $1)"
                        + " ON CONFLICT (day, tenant_id, agent) DO UPDATE SET failures = leaderboard_days.failures + 1",
                values -> values.bind("$1", "triage"));
    }

    /** As many reads at once as there are connections. */
    private static void read(Postgres postgres) {
        assertThat(Flux.range(0, POOL)
                        .flatMap(
                                i -> postgres.query(
                                        "SELECT count(*) FROM leaderboard_days, pg_sleep(0.1)",
                                        UnaryOperator.identity(),
                                        row -> Objects.requireNonNull(row.get(0, Long.class))),
                                POOL)
                        .collectList()
                        .block(LIMIT))
                .hasSize(POOL);
    }

    private static boolean writes(Postgres postgres) {
        try {
            return Objects.equals(write(postgres).block(LIMIT), 1L);
        } catch (ParleyException e) {
            return false;
        }
    }

    @Test
    void readsGoOnAndWritesComeBackWithTheServerWhateverThePoolHas() {
        Postgres postgres = reached(server.url());
        read(postgres);

        server.readOnly(true);
        Await.within(
                LIMIT,
                "it is seen that no write can work",
                () -> !writes(postgres)
                        && !postgres.isUp()
                        && Objects.requireNonNull(postgres.trouble()).contains("default_transaction_read_only is on"));
        for (int i = 0; i < 20; i++) {
            read(postgres);
        }
        assertThatThrownBy(() -> write(postgres).block(LIMIT))
                .isInstanceOf(ParleyException.class)
                .hasMessageContaining("PostgreSQL accepts no writes");
        assertThat(postgres.isUp()).isFalse();

        server.readOnly(false);
        long ended = System.nanoTime();
        Await.within(LIMIT, "it is seen that writes work", postgres::isUp);
        LOG.info("Writes came back {} ms after the phase", (System.nanoTime() - ended) / 1_000_000);
        assertThat(Flux.range(0, POOL * 4)
                        .flatMap(i -> write(postgres), POOL)
                        .collectList()
                        .block(LIMIT))
                .hasSize(POOL * 4);
        assertThat(postgres.trouble()).isNull();
    }

    @Test
    void aNodeThatStartsInSuchAPhaseReads() {
        reached(server.url());
        server.readOnly(true);
        Postgres postgres = open(server.url());

        Await.within(
                LIMIT,
                "it is seen that no write can work",
                () -> Objects.requireNonNull(postgres.trouble()).contains("default_transaction_read_only is on"));
        read(postgres);

        server.readOnly(false);
        postgres.reached().block(LIMIT);
        assertThat(writes(postgres)).isTrue();
    }

    @Test
    void ofSeveralHostsThePrimaryIsUsedAndTheNextOneWhenItGoes() {
        reached(server.url());
        try (TestPostgres standby = server.standby()) {
            Postgres alone = open(standby.url());
            Await.within(
                    LIMIT,
                    "a standby is seen as one",
                    () -> Objects.requireNonNull(alone.trouble()).contains("it is a standby"));
            read(alone);

            Postgres postgres =
                    reached("postgresql://127.0.0.1:" + standby.port() + ",127.0.0.1:" + server.port() + "/postgres");
            assertThat(writes(postgres)).isTrue();

            server.stop();
            standby.execute("SELECT pg_promote()");
            long promoted = System.nanoTime();
            Await.within(LIMIT, "writes go on at the other one", () -> writes(postgres));
            LOG.info("Writes went on {} ms after the promotion", (System.nanoTime() - promoted) / 1_000_000);
            Await.within(LIMIT, "what was a standby takes writes", () -> writes(alone) && alone.isUp());
        } finally {
            server.startAgain();
        }
    }
}
