package dev.parley.ratelimit;

import static dev.parley.ratelimit.LimitTesting.get;
import static dev.parley.ratelimit.LimitTesting.limit;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ratelimit.Buckets.Receipt;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What this node counts alone, by a clock that stands still unless it is told. */
class LocalBucketsTest implements BucketsContract {

    private static final Limit TEN_A_SECOND = limit(10, Duration.ofSeconds(1), 20);
    private static final LimitKey OWNER = new LimitKey("t", "s");

    private long millis = 5_000;
    private final LocalBuckets buckets = new LocalBuckets(() -> millis * 1_000_000);

    @Override
    public Buckets buckets() {
        return buckets;
    }

    private LimitDecision take(long cost) {
        return get(buckets.take(TEN_A_SECOND, OWNER, cost, null));
    }

    @Test
    void whatWasTakenComesBackEvenly() {
        assertThat(take(20).resetMs()).isEqualTo(2_000);
        assertThat(take(1).retryMs()).isEqualTo(100);
        millis += 99;
        assertThat(take(1).retryMs()).isEqualTo(1);
        millis += 1;
        assertThat(take(1).allowed()).isTrue();
        assertThat(take(1).allowed()).isFalse();
        millis += 1_000;
        assertThat(take(10).allowed()).isTrue();
        assertThat(take(1).allowed()).isFalse();
    }

    @Test
    void noMoreThanTheBurstIsSavedUp() {
        assertThat(take(20).allowed()).isTrue();
        millis += 1_000_000;
        assertThat(take(20).remaining()).isZero();
        assertThat(take(1).allowed()).isFalse();
    }

    @Test
    void inTheLongRunTheRateIsExact() {
        long allowed = 0;
        for (int i = 0; i < 100_000; i++, millis += 7) {
            allowed += take(1).allowed() ? 1 : 0;
        }
        // 700 seconds, and the burst.
        assertThat(allowed).isBetween(7_018L, 7_020L);
    }

    @Test
    void whatHasComeBackMeanwhileIsNotGivenBackAgain() {
        assertThat(get(buckets.take(TEN_A_SECOND, OWNER, 20, new Receipt("r", true)))
                        .allowed())
                .isTrue();
        millis += 3_000;
        assertThat(take(15).remaining()).isEqualTo(5);
        SettleResult settled = get(buckets.settle(TEN_A_SECOND, OWNER, "r", 5));
        assertThat(settled.returned()).isEqualTo(15);
        assertThat(settled.taken().remaining()).isEqualTo(5);
    }

    @Test
    void whatIsGivenBackNeverFillsMoreThanTheBucket() {
        assertThat(get(buckets.take(TEN_A_SECOND, OWNER, 20, new Receipt("r", true)))
                        .allowed())
                .isTrue();
        millis += 1_500;
        assertThat(get(buckets.settle(TEN_A_SECOND, OWNER, "r", 0)).taken().remaining())
                .isEqualTo(20);
        assertThat(take(20).allowed()).isTrue();
        assertThat(take(1).allowed()).isFalse();
    }

    @Test
    void onlySoManyAreKeptThoseThatWereUsedLast() {
        Limit once = limit(1, Duration.ofHours(1), 1);
        for (int i = 0; i <= LocalBuckets.MOST; i++) {
            assertThat(get(buckets.take(once, new LimitKey("t", "s" + i), 1, new Receipt("r" + i, true)))
                            .allowed())
                    .isTrue();
        }
        assertThat(get(buckets.take(once, new LimitKey("t", "s" + LocalBuckets.MOST), 1, null))
                        .allowed())
                .isFalse();
        assertThat(buckets.has(once, new LimitKey("t", "s0"), "r0")).isFalse();
        assertThat(get(buckets.take(once, new LimitKey("t", "s0"), 1, null)).allowed())
                .isTrue();
    }
}
