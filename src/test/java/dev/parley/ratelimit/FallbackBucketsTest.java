package dev.parley.ratelimit;

import static dev.parley.ratelimit.LimitTesting.assertRefused;
import static dev.parley.ratelimit.LimitTesting.get;
import static dev.parley.ratelimit.LimitTesting.limit;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.ratelimit.Buckets.Receipt;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class FallbackBucketsTest {

    private static final Limit TWO_AN_HOUR = limit(2, Duration.ofHours(1), 2);
    private static final LimitKey OWNER = new LimitKey("t", "s");

    private final LocalBuckets elsewhere = new LocalBuckets(() -> 0);
    private final LocalBuckets local = new LocalBuckets(() -> 0);
    private @Nullable Mono<?> trouble;
    private final FallbackBuckets buckets = new FallbackBuckets(
            new Buckets() {
                @Override
                public Mono<LimitDecision> take(Limit limit, LimitKey owner, long cost, @Nullable Receipt receipt) {
                    Mono<?> now = trouble;
                    return now == null
                            ? elsewhere.take(limit, owner, cost, receipt)
                            : now.then(Mono.<LimitDecision>empty());
                }

                @Override
                public Mono<SettleResult> settle(Limit limit, LimitKey owner, String reservation, long used) {
                    Mono<?> now = trouble;
                    return now == null
                            ? elsewhere.settle(limit, owner, reservation, used)
                            : now.then(Mono.<SettleResult>empty());
                }
            },
            local);

    private static Mono<?> refusal(ErrorCode code) {
        return Mono.error(ParleyException.of(code, "as told"));
    }

    private boolean take() {
        return get(buckets.take(TWO_AN_HOUR, OWNER, 1, null)).allowed();
    }

    @Test
    void whileNobodyElseCanCountThisNodeDoesWithTheSameRate() {
        assertThat(take()).isTrue();
        trouble = refusal(ErrorCode.UNAVAILABLE);
        assertThat(take()).isTrue();
        assertThat(take()).isTrue();
        assertThat(take()).isFalse();
        trouble = null;
        assertThat(take()).isTrue();
        assertThat(take()).isFalse();
        assertThat(buckets.taken()).isEqualTo(4);
        assertThat(buckets.refused()).isEqualTo(2);
        assertThat(buckets.alone()).isEqualTo(3);
    }

    @Test
    void whatTakesTooLongIsCountedHere() {
        trouble = Mono.never();
        StepVerifier.withVirtualTime(() -> buckets.take(TWO_AN_HOUR, OWNER, 1, null))
                .expectSubscription()
                .expectNoEvent(FallbackBuckets.PATIENCE.minusMillis(1))
                .thenAwait(Duration.ofMillis(1))
                .assertNext(taken -> assertThat(taken.remaining()).isEqualTo(1))
                .verifyComplete();
        assertThat(buckets.alone()).isEqualTo(1);
    }

    @Test
    void anythingElseIsNotHushedUp() {
        trouble = refusal(ErrorCode.INTERNAL);
        assertRefused(ErrorCode.INTERNAL, () -> take());
        assertThat(buckets.alone()).isZero();
    }

    @Test
    void whatWasReservedHereIsSettledHere() {
        trouble = refusal(ErrorCode.UNAVAILABLE);
        assertThat(get(buckets.take(TWO_AN_HOUR, OWNER, 2, new Receipt("r", true)))
                        .allowed())
                .isTrue();
        trouble = null;
        assertThat(get(buckets.take(TWO_AN_HOUR, OWNER, 2, new Receipt("r", true)))
                        .remaining())
                .isZero();
        assertThat(take()).isTrue();
        assertThat(get(buckets.settle(TWO_AN_HOUR, OWNER, "r", 1)).taken().remaining())
                .isEqualTo(1);
    }

    @Test
    void whatWasReservedElsewhereCanNotBeSettledMeanwhile() {
        assertThat(get(buckets.take(TWO_AN_HOUR, OWNER, 2, new Receipt("r", true)))
                        .allowed())
                .isTrue();
        trouble = refusal(ErrorCode.UNAVAILABLE);
        assertRefused(ErrorCode.UNAVAILABLE, () -> get(buckets.settle(TWO_AN_HOUR, OWNER, "r", 1)));
        trouble = null;
        assertThat(get(buckets.settle(TWO_AN_HOUR, OWNER, "r", 1)).returned()).isEqualTo(1);
    }
}
