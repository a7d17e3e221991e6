package dev.parley.ratelimit;

import static dev.parley.ratelimit.LimitTesting.assertRefused;
import static dev.parley.ratelimit.LimitTesting.get;
import static dev.parley.ratelimit.LimitTesting.limit;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.error.ErrorCode;
import dev.parley.event.Ids;
import dev.parley.ratelimit.Buckets.Receipt;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

/** What buckets do, wherever they are. So little drains while a test runs that nothing of it is to be seen, unless it waits for it. */
interface BucketsContract {

    Limit HOURLY = limit(100, Duration.ofHours(1), 100);
    Limit TOKENS = limit(10_000, Duration.ofDays(30), 5_000);

    Buckets buckets();

    static LimitKey owner() {
        return new LimitKey("t", Ids.random());
    }

    @Test
    default void aBurstIsTakenAndNoMore() {
        LimitKey owner = owner();
        for (int left = 99; left >= 0; left--) {
            LimitDecision taken = get(buckets().take(HOURLY, owner, 1, null));
            assertThat(taken.allowed()).isTrue();
            assertThat(taken.remaining()).isEqualTo(left);
        }
        LimitDecision refused = get(buckets().take(HOURLY, owner, 1, null));
        assertThat(refused.allowed()).isFalse();
        assertThat(refused.remaining()).isZero();
        // One in 36 seconds.
        assertThat(refused.retryMs()).isBetween(26_000L, 36_000L);
        assertThat(refused.resetMs()).isBetween(3_590_000L, 3_600_000L);
    }

    @Test
    default void whatIsRefusedCostsNothing() {
        LimitKey owner = owner();
        assertThat(get(buckets().take(HOURLY, owner, 60, null)).remaining()).isEqualTo(40);
        LimitDecision refused = get(buckets().take(HOURLY, owner, 60, null));
        assertThat(refused.allowed()).isFalse();
        assertThat(refused.remaining()).isEqualTo(40);
        assertThat(refused.retryMs()).isBetween(710_000L, 720_000L);
        assertThat(get(buckets().take(HOURLY, owner, 40, null)).allowed()).isTrue();
    }

    @Test
    default void ownersAndLimitsDoNotShare() {
        LimitKey owner = owner();
        Limit other = new Limit("other", 1, Duration.ofHours(1), 1, LimitScope.SUBJECT);
        for (LimitKey each : List.of(
                owner,
                new LimitKey(owner.subject(), "t"),
                new LimitKey("t:a", "b"),
                new LimitKey("t", "a:b"),
                new LimitKey("", "b"))) {
            assertThat(get(buckets().take(other, each, 1, null)).allowed())
                    .as("%s", each)
                    .isTrue();
            assertThat(get(buckets().take(other, each, 1, null)).allowed())
                    .as("%s", each)
                    .isFalse();
        }
        assertThat(get(buckets().take(HOURLY, owner, 100, null)).allowed()).isTrue();
    }

    @Test
    default void fiftyClientsTakeExactlyTheBurst() {
        LimitKey owner = owner();
        long allowed = get(Flux.range(0, 1_000)
                .flatMap(i -> buckets().take(HOURLY, owner, 1, null).subscribeOn(Schedulers.parallel()), 50)
                .filter(LimitDecision::allowed)
                .count());
        assertThat(allowed).isEqualTo(100);
    }

    @Test
    default void underOneIdItIsTakenOnce() {
        LimitKey owner = owner();
        Receipt receipt = new Receipt("id", false);
        assertThat(get(buckets().take(HOURLY, owner, 10, receipt)).remaining()).isEqualTo(90);
        assertThat(get(buckets().take(HOURLY, owner, 10, receipt)).remaining()).isEqualTo(90);
        assertRefused(ErrorCode.CONFLICT, () -> get(buckets().take(HOURLY, owner, 11, receipt)));
        assertThat(get(buckets().take(HOURLY, owner, 10, new Receipt("id2", false)))
                        .remaining())
                .isEqualTo(80);
        assertThat(get(buckets().take(HOURLY, owner(), 10, receipt)).remaining())
                .isEqualTo(90);
    }

    @Test
    default void whatWasRefusedUnderAnIdMayBeTriedAgain() {
        LimitKey owner = owner();
        Receipt receipt = new Receipt("id", true);
        assertThat(get(buckets().take(TOKENS, owner, 4_000, new Receipt("first", true)))
                        .allowed())
                .isTrue();
        assertThat(get(buckets().take(TOKENS, owner, 2_000, receipt)).allowed()).isFalse();
        assertRefused(ErrorCode.NOT_FOUND, () -> get(buckets().settle(TOKENS, owner, "id", 1)));
        assertThat(get(buckets().settle(TOKENS, owner, "first", 1_000)).returned())
                .isEqualTo(3_000);
        assertThat(get(buckets().take(TOKENS, owner, 2_000, receipt)).remaining())
                .isEqualTo(2_000);
    }

    @Test
    default void whatAReservationHasTooMuchIsGivenBackOnce() {
        LimitKey owner = owner();
        assertThat(get(buckets().take(TOKENS, owner, 2_000, new Receipt("r", true)))
                        .remaining())
                .isEqualTo(3_000);
        for (int i = 0; i < 3; i++) {
            SettleResult settled = get(buckets().settle(TOKENS, owner, "r", 1_300));
            assertThat(settled.reserved()).isEqualTo(2_000);
            assertThat(settled.returned()).isEqualTo(700);
            assertThat(settled.taken().remaining()).isEqualTo(3_700);
        }
        assertRefused(ErrorCode.CONFLICT, () -> get(buckets().settle(TOKENS, owner, "r", 1_299)));
        assertThat(get(buckets().take(TOKENS, owner, 3_700, null)).allowed()).isTrue();
        assertThat(get(buckets().take(TOKENS, owner, 1, null)).allowed()).isFalse();
    }

    @Test
    default void whatAReservationHasTooLittleIsTakenBesideIt() {
        LimitKey owner = owner();
        assertThat(get(buckets().take(TOKENS, owner, 4_000, new Receipt("r", true)))
                        .allowed())
                .isTrue();
        SettleResult settled = get(buckets().settle(TOKENS, owner, "r", 6_000));
        assertThat(settled.returned()).isEqualTo(-2_000);
        assertThat(settled.taken().remaining()).isZero();
        LimitDecision refused = get(buckets().take(TOKENS, owner, 1, null));
        assertThat(refused.allowed()).isFalse();
        // 1,001 too many at 10,000 in 30 days.
        assertThat(Duration.ofMillis(refused.retryMs()).toHours()).isEqualTo(72);
    }

    @Test
    default void whatIsNeverSettledStaysTaken() {
        LimitKey owner = owner();
        assertThat(get(buckets().take(TOKENS, owner, 5_000, new Receipt("r", true)))
                        .allowed())
                .isTrue();
        assertThat(get(buckets().take(TOKENS, owner, 1, null)).allowed()).isFalse();
    }

    @Test
    default void aReservationIsItsOwnersAlone() {
        LimitKey owner = owner();
        assertThat(get(buckets().take(TOKENS, owner, 2_000, new Receipt("r", true)))
                        .allowed())
                .isTrue();
        assertRefused(ErrorCode.NOT_FOUND, () -> get(buckets().settle(TOKENS, owner(), "r", 1)));
        assertRefused(ErrorCode.NOT_FOUND, () -> get(buckets().settle(HOURLY, owner(), "r", 1)));
        assertRefused(ErrorCode.NOT_FOUND, () -> get(buckets().settle(TOKENS, owner, "x", 1)));
    }

    @Test
    default void fiftyClientsReserveAndSettleExactly() {
        LimitKey owner = owner();
        // Each of 1,000 reserves 5 and uses 2, some settle twice.
        long returned = get(Flux.range(0, 1_000)
                .flatMap(
                        i -> buckets()
                                .take(TOKENS, owner, 5, new Receipt("r" + i, true))
                                .filter(LimitDecision::allowed)
                                .then(buckets().settle(TOKENS, owner, "r" + i, 2))
                                .then(buckets().settle(TOKENS, owner, "r" + i, 2))
                                .subscribeOn(Schedulers.parallel()),
                        50)
                .map(SettleResult::returned)
                .reduce(0L, Long::sum));
        assertThat(returned).isEqualTo(3_000);
        assertThat(get(buckets().take(TOKENS, owner, 1, null)).remaining()).isEqualTo(5_000 - 2_000 - 1);
    }
}
