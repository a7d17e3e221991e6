package dev.parley.ratelimit;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Counts for all nodes together, and on this node alone while Redis is unavailable or takes longer than {@link #PATIENCE}. A reservation
 * made on this node alone is settled here.
 */
final class FallbackBuckets implements Buckets {

    /** The longest time that a request waits to be counted. */
    static final Duration PATIENCE = Duration.ofSeconds(1);

    private static final Mono<LimitDecision> LATE =
            Mono.error(ParleyException.of(ErrorCode.UNAVAILABLE, "Redis did not answer in time"));

    private final Buckets shared;
    private final LocalBuckets local;
    private final LongAdder taken = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final LongAdder alone = new LongAdder();

    FallbackBuckets(Buckets shared, LocalBuckets local) {
        this.shared = shared;
        this.local = local;
    }

    @Override
    public Mono<LimitDecision> take(Limit limit, LimitKey owner, long cost, @Nullable Receipt receipt) {
        return Mono.defer(() -> receipt != null && local.has(limit, owner, receipt.id())
                        ? alone(limit, owner, cost, receipt)
                        : shared.take(limit, owner, cost, receipt)
                                .timeout(PATIENCE, LATE)
                                .onErrorResume(FallbackBuckets::isAway, away -> alone(limit, owner, cost, receipt)))
                .doOnNext(result -> (result.allowed() ? taken : refused).increment());
    }

    private static boolean isAway(Throwable e) {
        return e instanceof ParleyException refusal && refusal.code() == ErrorCode.UNAVAILABLE;
    }

    private Mono<LimitDecision> alone(Limit limit, LimitKey owner, long cost, @Nullable Receipt receipt) {
        alone.increment();
        return local.take(limit, owner, cost, receipt);
    }

    @Override
    public Mono<SettleResult> settle(Limit limit, LimitKey owner, String reservation, long used) {
        return Mono.defer(
                () -> (local.has(limit, owner, reservation) ? local : shared).settle(limit, owner, reservation, used));
    }

    /** Number of allowed requests. */
    long taken() {
        return taken.sum();
    }

    /** Number of rejected requests. */
    long refused() {
        return refused.sum();
    }

    /** Number of requests that this node decided alone. */
    long alone() {
        return alone.sum();
    }
}
