package dev.parley.llmcache;

import dev.parley.event.Ids;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Flights of this node alone, in memory, {@value #MOST} at most; beyond them every caller computes. Thread-safe. */
final class LocalFlights implements Flights {

    static final String TOKEN = "local-";
    static final int MOST = 10_000;

    private record Flight(String token, long ends) {}

    private final Map<CacheKey, Flight> flights = new ConcurrentHashMap<>();
    private final LongSupplier nanos;

    LocalFlights(LongSupplier nanos) {
        this.nanos = nanos;
    }

    static boolean isLocal(@Nullable String token) {
        return token != null && token.startsWith(TOKEN);
    }

    @Override
    public Mono<StoreLookup> look(CacheKey key, Duration lease, @Nullable Duration oldest, @Nullable String awaited) {
        return Mono.fromSupplier(
                () -> lease.isZero() ? new StoreLookup.Missing(Reason.UNAVAILABLE, null) : take(key, lease));
    }

    private StoreLookup take(CacheKey key, Duration lease) {
        long now = nanos.getAsLong();
        if (flights.size() >= MOST) {
            flights.values().removeIf(flight -> flight.ends - now <= 0);
            if (flights.size() >= MOST) {
                return new StoreLookup.Missing(Reason.UNAVAILABLE, null);
            }
        }
        String token = TOKEN + Ids.random();
        Flight flight = flights.compute(
                key,
                (name, there) ->
                        there != null && there.ends - now > 0 ? there : new Flight(token, now + lease.toNanos()));
        return flight.token.equals(token)
                ? new StoreLookup.Missing(Reason.UNAVAILABLE, new ComputeLease(token, lease.toMillis()))
                : new StoreLookup.Taken(
                        Reason.UNAVAILABLE, Duration.ofNanos(flight.ends - now).toMillis(), flight.token);
    }

    @Override
    public Mono<LeaseRenewal> renew(CacheKey key, String token, Duration lease) {
        return Mono.fromSupplier(() -> {
            Flight renewed = new Flight(token, nanos.getAsLong() + lease.toNanos());
            boolean ours = renewed.equals(
                    flights.computeIfPresent(key, (name, there) -> there.token.equals(token) ? renewed : there));
            return new LeaseRenewal(ours, false);
        });
    }

    /** The ending does not matter: the waiting callers are on this node, and {@link SingleFlight} notifies them. */
    @Override
    public Mono<Boolean> release(CacheKey key, String token, Ending ending) {
        return Mono.fromSupplier(() -> {
            Flight flight = flights.get(key);
            return flight != null && flight.token.equals(token) && flights.remove(key, flight);
        });
    }
}
