package dev.parley.leaderboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.archive.Archiver;
import dev.parley.archive.DirtySet;
import dev.parley.config.TestSettings;
import dev.parley.error.ParleyException;
import dev.parley.event.Ids;
import dev.parley.postgres.Postgres;
import dev.parley.postgres.TestPostgres;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.RedisSettings;
import dev.parley.redis.RedisTopology;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import dev.parley.support.Patience;
import io.lettuce.core.api.sync.RedisCommands;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Leaderboards that outlive Redis. */
class DayArchiveIT {

    private static final LocalDate LONG_AGO = LocalDate.of(2024, 3, 1);

    private final Redis redis = TestRedis.connect();
    private final RedisCommands<String, String> commands = TestRedis.commands();
    private final Postgres postgres = TestPostgres.of(TestPostgres.newDatabase());
    private final Keys keys = new Keys("days-" + Ids.random() + ":");
    private final DayRecord days = new DayRecord(postgres);
    private final Leaderboard board = new Leaderboard(redis, keys, days, "default");

    @BeforeEach
    void open() {
        postgres.open();
        postgres.reached().block(Patience.ofSeconds(30));
    }

    @AfterEach
    void close() {
        redis.close().block(Patience.ofSeconds(10));
        postgres.close().block(Patience.ofSeconds(10));
    }

    private Archiver archiver(Postgres into) {
        return new Archiver(
                redis,
                into,
                new DirtySet(redis, keys.leaderboardDirty()),
                keys.leaderboardScan(),
                new DayArchive(redis, keys, board, new DayRecord(into)),
                "one",
                Duration.ofMillis(100));
    }

    private void archive() {
        assertThat(commands.del(keys.leaderboardScan())).isBetween(0L, 1L);
        Archiver archiver = archiver(postgres);
        get(archiver.look().then(archiver.round()));
    }

    @CanIgnoreReturnValue
    private static <T> T get(Mono<T> mono) {
        return Objects.requireNonNull(mono.block(Patience.ofSeconds(20)));
    }

    private void record(String agent, int millis, boolean success) {
        get(board.record("acme", agent, Duration.ofMillis(millis), success, null));
    }

    private List<Figures> recorded(LocalDate day) {
        return get(days.top("acme", day, day, 10));
    }

    /** Moves what was recorded today to another day. */
    private void move(LocalDate from, LocalDate to) {
        for (String what : List.of("resolutions", "total_time", "total_count", "dirty")) {
            String board = keys.leaderboard("acme") + ":";
            assertThat(commands.rename(board + from + ":" + what, board + to + ":" + what))
                    .isEqualTo("OK");
        }
    }

    @Test
    void aDayThatRedisNoLongerHasIsReadFromTheRecordWithTheSamePlaces() {
        record("b", 1_000, true);
        record("b", 2_500, true);
        record("a", 3_500, true);
        record("a", 0, true);
        record("c", 700, true);
        record("c", 60_000, false);
        LocalDate today = get(board.top("acme", null, 1, 10)).to();
        move(today, LONG_AGO);
        Board live = get(new Leaderboard(redis, keys, null, "default").top("acme", LONG_AGO, 30, 10));
        assertThat(live.standings()).hasSize(3);
        archive();
        assertThat(commands.keys(keys.leaderboard("acme") + "*:dirty")).isEmpty();
        commands.keys(keys.leaderboard("acme") + "*")
                .forEach(key -> assertThat(commands.del(key)).isEqualTo(1));

        Board archived = get(board.top("acme", LONG_AGO, 30, 10));
        assertThat(archived).isEqualTo(new Board(live.from(), live.to(), live.standings(), true));
        assertThat(get(board.top("acme", LONG_AGO.minusDays(1), 30, 10)).standings())
                .isEmpty();
        assertThat(get(board.top("other", LONG_AGO, 1, 10)).standings()).isEmpty();
        assertThat(get(board.top("acme", LONG_AGO, 1, 1)).standings())
                .isEqualTo(live.standings().subList(0, 1));
    }

    @Test
    void whatIsCountedWhileADayIsArchivedIsInTheRecordAtTheEnd() {
        Disposable archiving = Flux.defer(() -> {
                    Archiver archiver = archiver(postgres);
                    return redis.callOne(keys.leaderboardScan(), its -> its.del(keys.leaderboardScan()))
                            .then(archiver.look())
                            .then(archiver.round());
                })
                .repeat()
                .subscribe();
        get(Flux.range(0, 500)
                .flatMap(n -> board.record("acme", "a" + n % 7, Duration.ofMillis(n), n % 3 > 0, null), 4)
                .count());
        Board live = get(board.top("acme", null, 1, 10));
        Await.until(
                "the record has all of it",
                () -> recorded(live.to())
                        .equals(live.standings().stream().map(Standing::figures).toList()));
        archiving.dispose();
    }

    @Test
    void whatCouldNotBeCopiedIsCopiedLater() {
        record("a", 1_000, true);
        LocalDate today = get(board.top("acme", null, 1, 10)).to();
        Archiver away = archiver(TestPostgres.of("postgresql://127.0.0.1:1/none"));
        get(away.look().then(away.round()));
        assertThat(commands.xlen(keys.leaderboardDirty())).isEqualTo(1);
        assertThat(recorded(today)).isEmpty();
        Archiver archiver = archiver(postgres);
        Await.until("it is tried again", () -> {
            get(archiver.round());
            return recorded(today).equals(List.of(new Figures("a", 1, 1_000, 1)));
        });
        assertThat(commands.xlen(keys.leaderboardDirty())).isZero();
    }

    @Test
    void whatRedisHasLostStaysInTheRecord() {
        record("a", 1_000, true);
        record("a", 1_000, true);
        LocalDate today = get(board.top("acme", null, 1, 10)).to();
        archive();
        commands.keys(keys.leaderboard("acme") + "*")
                .forEach(key -> assertThat(commands.del(key)).isEqualTo(1));
        record("a", 5_000, true);
        archive();
        assertThat(recorded(today)).containsExactly(new Figures("a", 2, 2_000, 2));
    }

    @Test
    void whileRedisIsAwayTheRecordIsAsked() {
        record("a", 1_000, true);
        archive();
        EmbeddedRedis away = EmbeddedRedis.start();
        Redis none = new Redis(RedisTopology.parse(away.uri()), "test", TestSettings.of(RedisSettings.class));
        away.kill();
        none.open();
        try {
            Board archived = get(new Leaderboard(none, keys, days, "default").top("acme", null, 7, 10));
            assertThat(archived.archived()).isTrue();
            assertThat(archived.standings()).containsExactly(new Standing(1, new Figures("a", 1, 1_000, 1)));
            assertThatThrownBy(() -> get(new Leaderboard(none, keys, null, "default").top("acme", null, 7, 10)))
                    .isInstanceOf(ParleyException.class);
        } finally {
            none.close().block(Patience.ofSeconds(10));
        }
    }
}
