package dev.parley.leaderboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.Ids;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.support.Patience;
import io.lettuce.core.ScoredValue;
import io.lettuce.core.cluster.api.sync.RedisClusterCommands;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What a leaderboard does, on whatever topology of Redis. Each test has a tenant of its own. */
interface LeaderboardContract {

    LocalDate DAY = LocalDate.of(2024, 3, 1);

    Redis redis();

    /** To look into Redis and to write into the past. */
    RedisClusterCommands<String, String> commands();

    default Leaderboard board() {
        return new Leaderboard(redis(), Keys.DEFAULT, null, "default");
    }

    static String tenant() {
        return "t-" + Ids.random();
    }

    static <T> T get(Mono<T> mono) {
        return Objects.requireNonNull(mono.block(Patience.ofSeconds(20)));
    }

    @CanIgnoreReturnValue
    default Recorded record(String tenant, String agent, long millis, boolean success) {
        return get(board().record(tenant, agent, Duration.ofMillis(millis), success, null));
    }

    /** As record.lua leaves it. */
    default void seed(String tenant, LocalDate date, String agent, int resolutions, int millis, int all) {
        String board = "leaderboard:{" + tenant + "}:" + date;
        assertThat(commands().zadd(board + ":resolutions", resolutions, agent)).isEqualTo(1);
        assertThat(commands().zadd(board + ":total_time", millis, agent)).isEqualTo(1);
        assertThat(commands().zadd(board + ":total_count", all, agent)).isEqualTo(1);
    }

    default List<Standing> top(String tenant, LocalDate last, int days, int limit) {
        return get(board().top(tenant, last, days, limit)).standings();
    }

    private LocalDate today() {
        // A day that ends meanwhile is Redis' day, too.
        return LocalDate.ofInstant(Instant.now(), ZoneOffset.UTC);
    }

    @Test
    default void whatIsRecordedIsOnTodaysBoard() {
        String t = tenant();
        record(t, "triage", 1_000, true);
        record(t, "triage", 2_000, true);
        record(t, "billing", 500, true);
        Recorded failed = record(t, "triage", 60_000, false);
        assertThat(failed).isEqualTo(new Recorded(failed.date(), false, 2, 3));
        Board board = get(board().top(t, null, 1, 10));
        assertThat(board.to()).isEqualTo(failed.date()).isIn(today(), today().minusDays(1));
        assertThat(board.from()).isEqualTo(board.to());
        assertThat(board.standings())
                .containsExactly(
                        new Standing(1, new Figures("triage", 2, 3_000, 3)),
                        new Standing(2, new Figures("billing", 1, 500, 1)));
    }

    @Test
    default void whoHasOnlyFailedHasAPlace() {
        String t = tenant();
        record(t, "unlucky", 1_000, false);
        assertThat(get(board().top(t, null, 1, 10)).standings())
                .containsExactly(new Standing(1, new Figures("unlucky", 0, 0, 1)));
    }

    @Test
    default void theSameKeyCountsOnceForAnAgent() {
        String t = tenant();
        Recorded first = get(board().record(t, "a", Duration.ofSeconds(1), true, "k"));
        Recorded again = get(board().record(t, "a", Duration.ofSeconds(9), false, "k"));
        assertThat(first.duplicate()).isFalse();
        assertThat(again).isEqualTo(new Recorded(first.date(), true, 1, 1));
        assertThat(get(board().record(t, "b", Duration.ofSeconds(1), true, "k")).duplicate())
                .isFalse();
        assertThat(get(board().record(tenant(), "a", Duration.ofSeconds(1), true, "k"))
                        .duplicate())
                .isFalse();
        assertThat(get(board().day(t, first.date())))
                .containsExactlyInAnyOrder(new Figures("a", 1, 1_000, 1), new Figures("b", 1, 1_000, 1));
    }

    @Test
    default void aKeyOfYesterdayCountsForYesterday() {
        String t = tenant();
        LocalDate yesterday = today().minusDays(1);
        seed(t, yesterday, "a", 4, 4_000, 5);
        assertThat(commands().set("leaderboard:{" + t + "}:seen:a k", Long.toString(yesterday.toEpochDay())))
                .isEqualTo("OK");
        assertThat(get(board().record(t, "a", Duration.ofSeconds(1), true, "k")))
                .isEqualTo(new Recorded(yesterday, true, 4, 5));
        assertThat(top(t, today(), 1, 10)).isEmpty();
    }

    @Test
    default void fiftyClientsCountExactly() {
        String t = tenant();
        List<Recorded> answers = get(Flux.range(0, 1_000)
                .flatMap(
                        i -> board().record(t, "agent-" + i % 10, Duration.ofMillis(i), i % 4 != 0, "key-" + i / 2), 50)
                .collectList());
        // Two in turn share a key, but not the agent: nothing is a duplicate.
        assertThat(answers).noneMatch(Recorded::duplicate);
        List<Figures> figures = get(board().day(t, answers.get(0).date()));
        assertThat(figures.stream().mapToLong(Figures::all).sum()).isEqualTo(1_000);
        assertThat(figures.stream().mapToLong(Figures::resolutions).sum()).isEqualTo(750);
        assertThat(figures.stream().mapToLong(Figures::millis).sum())
                .isEqualTo(IntStream.range(0, 1_000).filter(i -> i % 4 != 0).sum());
        List<Recorded> retried = get(Flux.range(0, 1_000)
                .flatMap(
                        i -> board().record(t, "agent-" + i % 10, Duration.ofMillis(i), i % 4 != 0, "key-" + i / 2), 50)
                .collectList());
        assertThat(retried).allMatch(Recorded::duplicate);
        assertThat(get(board().day(t, answers.get(0).date()))).containsExactlyInAnyOrderElementsOf(figures);
    }

    @Test
    default void daysAreJoined() {
        String t = tenant();
        seed(t, DAY, "a", 3, 3_000, 3);
        seed(t, DAY, "b", 4, 4_000, 4);
        seed(t, DAY.minusDays(6), "a", 3, 9_000, 5);
        seed(t, DAY.minusDays(7), "b", 100, 1_000, 100);
        seed(t, DAY.plusDays(1), "a", 100, 1_000, 100);
        assertThat(top(t, DAY, 1, 10)).extracting(s -> s.figures().agent()).containsExactly("b", "a");
        assertThat(top(t, DAY, 7, 10))
                .containsExactly(
                        new Standing(1, new Figures("a", 6, 12_000, 8)),
                        new Standing(2, new Figures("b", 4, 4_000, 4)));
        assertThat(top(t, DAY, 8, 1)).containsExactly(new Standing(1, new Figures("b", 104, 5_000, 104)));
        Board board = get(board().top(t, DAY, 30, 10));
        assertThat(board.from()).isEqualTo(DAY.minusDays(29));
        assertThat(board.to()).isEqualTo(DAY);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    default void aTieAtTheCutIsDecidedByTheAverageAndTheName(int days) {
        String t = tenant();
        seed(t, DAY, "first", 9, 9_000, 9);
        // In Redis' own order of equal scores the last names come first.
        for (int i = 0; i < 20; i++) {
            seed(t, DAY, "tied-" + (char) ('a' + i), 5, 5_000, 5);
        }
        seed(t, DAY, "a-faster", 5, 4_999, 5);
        seed(t, DAY, "zero", 0, 0, 1);
        assertThat(top(t, DAY, days, 4))
                .extracting(
                        standing -> standing.rank() + " " + standing.figures().agent())
                .containsExactly("1 first", "2 a-faster", "3 tied-a", "3 tied-b");
        assertThat(top(t, DAY, days, 100)).hasSize(23).last().isEqualTo(new Standing(23, new Figures("zero", 0, 0, 1)));
    }

    @Test
    default void aWindowOfManyAgentsIsOneAnswer() {
        String t = tenant();
        String board = "leaderboard:{" + t + "}:";
        for (int day = 0; day < 30; day++) {
            for (String what : List.of("resolutions", "total_time", "total_count")) {
                @SuppressWarnings({"unchecked", "rawtypes"})
                ScoredValue<String>[] all = IntStream.range(0, 3_000)
                        .mapToObj(i -> ScoredValue.just(Math.floor(i / 1e3), "agent-" + i))
                        .toArray(ScoredValue[]::new);
                assertThat(commands().zadd(board + DAY.minusDays(day) + ":" + what, all))
                        .isEqualTo(3_000);
            }
        }
        // Everybody of the last thousand has as many, and so has to be looked at.
        assertThat(top(t, DAY, 30, 3))
                .containsExactly(
                        new Standing(1, new Figures("agent-2000", 60, 60, 60)),
                        new Standing(1, new Figures("agent-2001", 60, 60, 60)),
                        new Standing(1, new Figures("agent-2002", 60, 60, 60)));
        assertThat(top(t, DAY, 30, 3_000)).hasSize(3_000);
    }

    @Test
    default void aDayThatNobodyRecordedIsEmpty() {
        String t = tenant();
        assertThat(top(t, DAY, 1, 10)).isEmpty();
        assertThat(top(t, DAY, 30, 10)).isEmpty();
        assertThat(get(board().day(t, DAY))).isEmpty();
    }

    @Test
    default void everyDateIsTheCalendars() {
        String t = tenant();
        for (LocalDate day = LocalDate.of(1999, 12, 1); day.getYear() < 2029; day = day.plusDays(17)) {
            assertThat(get(board().top(t, day, 1, 1)).to()).isEqualTo(day);
        }
        for (String day : List.of("2000-02-29", "2024-02-29", "2024-12-31", "2100-02-28", "1900-03-01", "0000-03-01")) {
            assertThat(get(board().top(t, LocalDate.parse(day), 1, 1)).to()).isEqualTo(LocalDate.parse(day));
        }
    }

    @Test
    default void aDayIsKeptUntilAWindowCanNotReachIt() {
        String t = tenant();
        LocalDate day = get(board().record(t, "a", Duration.ZERO, true, "k")).date();
        long ends = day.plusDays(1 + Leaderboard.DAYS)
                .atStartOfDay(ZoneOffset.UTC)
                .toInstant()
                .toEpochMilli();
        for (String what : List.of("resolutions", "total_time", "total_count")) {
            long left = commands().pttl("leaderboard:{" + t + "}:" + day + ":" + what);
            assertThat(System.currentTimeMillis() + left).isBetween(ends - 5_000, ends + 5_000);
        }
        assertThat(commands().pttl("leaderboard:{" + t + "}:seen:a k"))
                .isBetween(Duration.ofHours(23).toMillis(), Duration.ofHours(24).toMillis());
    }

    @Test
    default void anAgentTooManyIsRefusedAndThoseThatAreThereAreNot() {
        String t = tenant();
        LocalDate day = record(t, "known", 1, true).date();
        @SuppressWarnings({"unchecked", "rawtypes"})
        ScoredValue<String>[] all = IntStream.range(1, Leaderboard.MAX_AGENTS)
                .mapToObj(i -> ScoredValue.just(1, "agent-" + i))
                .toArray(ScoredValue[]::new);
        assertThat(commands().zadd("leaderboard:{" + t + "}:" + day + ":total_count", all))
                .isEqualTo(Leaderboard.MAX_AGENTS - 1);
        assertThatThrownBy(() -> get(board().record(t, "new", Duration.ZERO, true, "k")))
                .asInstanceOf(InstanceOfAssertFactories.type(ParleyException.class))
                .extracting(ParleyException::code)
                .isEqualTo(ErrorCode.OVERLOADED);
        assertThat(record(t, "known", 1, true).resolutions()).isEqualTo(2);
        assertThat(commands().exists("leaderboard:{" + t + "}:seen:new k")).isZero();
    }

    @Test
    default void whatPythonHasCountedIsTakenOverOnceAndWhatItCountsOnWithIt() {
        String t = tenant();
        Keys keys = new Keys(t + ":");
        LocalDate today = today();
        String plain = t + ":leaderboard:";
        commands().zincrby(plain + "resolutions:" + today, 2, "triage");
        commands().zincrby(plain + "total_time:" + today, 12.5, "triage");
        commands().zincrby(plain + "total_count:" + today, 3, "triage");
        commands().zincrby(plain + "total_count:" + today.minusDays(3), 1, "billing");
        commands().zincrby(plain + "total_count:" + today, 1, "an agent with blanks");
        PythonBoards python = new PythonBoards(redis(), keys, t, Duration.ZERO);
        Leaderboard board = new Leaderboard(redis(), keys, null, python);
        Leaderboard other = new Leaderboard(redis(), keys, null, new PythonBoards(redis(), keys, t, Duration.ZERO));
        for (Leaderboard one : List.of(board, other, board)) {
            assertThat(get(one.top(t, null, 7, 10)).standings())
                    .extracting(Standing::figures)
                    .containsExactly(new Figures("triage", 2, 12_500, 3), new Figures("billing", 0, 0, 1));
        }
        commands().zincrby(plain + "resolutions:" + today, 1, "triage");
        commands().zincrby(plain + "total_time:" + today, 1, "triage");
        commands().zincrby(plain + "total_count:" + today, 1, "triage");
        assertThat(get(board.record(t, "triage", Duration.ofSeconds(1), true, null))
                        .resolutions())
                .isEqualTo(4);
        assertThat(get(board.top("somebody-else", null, 7, 10)).standings()).isEmpty();
    }
}
