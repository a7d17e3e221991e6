package dev.parley.llmcache;

import dev.parley.frame.ErrorCode;
import dev.parley.frame.Refusal;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/** Those of all nodes; and this node's alone while Redis is away, or takes longer than {@link #PATIENCE}. */
final class FallbackFlights implements Flights {

    /** A cache that takes longer is none. */
    static final Duration PATIENCE = Duration.ofSeconds(1);

    private static final Logger LOG = LoggerFactory.getLogger(FallbackFlights.class);

    private final Flights shared;
    private final LocalFlights local;

    FallbackFlights(Flights shared, LocalFlights local) {
        this.shared = shared;
        this.local = local;
    }

    @Override
    public Mono<Look> look(CacheKey key, Duration lease, @Nullable Duration oldest) {
        return shared.look(key, lease, oldest)
                .timeout(PATIENCE, late())
                .doOnError(FallbackFlights::tell)
                .onErrorResume(e -> local.look(key, lease, oldest));
    }

    @Override
    public Mono<Boolean> release(CacheKey key, String token, boolean uncacheable) {
        return orNot(of(token).release(key, token, uncacheable));
    }

    @Override
    public Mono<Boolean> renew(CacheKey key, String token, Duration lease) {
        return orNot(of(token).renew(key, token, lease));
    }

    private Flights of(String token) {
        return LocalFlights.isLocal(token) ? local : shared;
    }

    private static Mono<Boolean> orNot(Mono<Boolean> asked) {
        return asked.timeout(PATIENCE, late()).doOnError(FallbackFlights::tell).onErrorReturn(false);
    }

    /** A cache never fails a request; but what is not just Redis being away is worth a line. */
    static void tell(Throwable e) {
        if (!Refusal.is(e, ErrorCode.UNAVAILABLE)) {
            LOG.warn("The cache could not be asked", e);
        }
    }

    static <T> Mono<T> late() {
        return Mono.error(Refusal.of(ErrorCode.UNAVAILABLE, "Redis takes too long for a cache"));
    }
}
