package dev.parley.llmcache;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.support.BoundedTasks;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/**
 * Flights of all nodes, and of this node alone while Redis is unavailable or takes longer than {@link #PATIENCE}. A look-up whose caller
 * has left is still awaited, until {@link #dispose}, so that its flight can be released.
 */
final class FallbackFlights implements Flights, Disposable {

    /** The longest time that a caller waits for the cache. */
    static final Duration PATIENCE = Duration.ofSeconds(1);

    /** Maximum number of look-ups awaited after their callers have left; flights taken by further ones end with their lease. */
    private static final int MOST_LATE = 1_000;

    private static final Logger LOG = LoggerFactory.getLogger(FallbackFlights.class);

    private final Flights shared;
    private final LocalFlights local;
    private final BoundedTasks heardOut = new BoundedTasks(MOST_LATE);

    FallbackFlights(Flights shared, LocalFlights local) {
        this.shared = shared;
        this.local = local;
    }

    @Override
    public Mono<StoreLookup> look(CacheKey key, Duration lease, @Nullable Duration oldest, @Nullable String awaited) {
        return heardOut(key, shared.look(key, lease, oldest, awaited))
                .timeout(PATIENCE, late())
                .doOnError(FallbackFlights::tell)
                .onErrorResume(e -> local.look(key, lease, oldest, awaited));
    }

    /** Releases the flight that Redis gives to a caller who left before the answer. */
    private Mono<StoreLookup> heardOut(CacheKey key, Mono<StoreLookup> look) {
        return Mono.defer(() -> {
            Mono<StoreLookup> asked = look.cache();
            AtomicBoolean heard = new AtomicBoolean();
            return asked.doOnNext(there -> heard.set(true)).doOnCancel(() -> {
                if (!heard.get()) {
                    boolean unused = heardOut.begin(asked.flatMap(there -> giveUp(key, there)));
                }
            });
        });
    }

    private Mono<Boolean> giveUp(CacheKey key, StoreLookup look) {
        ComputeLease lead = look.lead();
        return lead == null ? Mono.empty() : release(key, lead.token(), Ending.ABANDONED);
    }

    @Override
    public void dispose() {
        heardOut.dispose();
    }

    @Override
    public Mono<Boolean> release(CacheKey key, String token, Ending ending) {
        return or(false, of(token).release(key, token, ending));
    }

    @Override
    public Mono<LeaseRenewal> renew(CacheKey key, String token, Duration lease) {
        return or(LeaseRenewal.NOT, of(token).renew(key, token, lease));
    }

    private Flights of(String token) {
        return LocalFlights.isLocal(token) ? local : shared;
    }

    private static <T> Mono<T> or(T nothing, Mono<T> asked) {
        return asked.timeout(PATIENCE, late()).doOnError(FallbackFlights::tell).onErrorReturn(nothing);
    }

    /** Logs an error that is more than an unavailable Redis. A cache never fails a request. */
    static void tell(Throwable e) {
        if (!ParleyException.is(e, ErrorCode.UNAVAILABLE)) {
            LOG.warn("The cache could not be asked", e);
        }
    }

    static <T> Mono<T> late() {
        return Mono.error(ParleyException.of(ErrorCode.UNAVAILABLE, "Redis did not answer in time"));
    }
}
