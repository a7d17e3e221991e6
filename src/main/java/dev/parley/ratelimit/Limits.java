package dev.parley.ratelimit;

import static java.util.stream.Collectors.toUnmodifiableMap;

import dev.parley.auth.Principal;
import dev.parley.event.Ids;
import dev.parley.frame.ErrorCode;
import dev.parley.frame.Refusal;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The limits there are, by name. Those that the gateway keeps itself are {@link #turnstiles}; agents ask for the others. A tenant's
 * agents share what is counted for it, and see nothing of other tenants. Cold; answers come on Redis' event loop, or at once while Redis
 * is away: then this node counts alone, from nothing, with the same rates. Thread-safe.
 *
 * <p>A {@code key} says for whom something is taken: a subject, a conversation or an address, whatever the limit is per. Without one it
 * is the caller, or the caller's tenant. All fail with a {@link Refusal}: {@code not_found}, {@code bad_request}.
 */
public final class Limits {

    public static final String CONNECT = "connect";
    public static final String SEND = "send";
    public static final String PUBLISH = "publish";

    private static final Set<String> OWN = Set.of(CONNECT, SEND, PUBLISH);

    private final Map<String, Limit> limits;
    private final FallbackBuckets buckets;

    public Limits(Redis redis, Keys keys, List<Limit> limits) {
        this.limits = limits.stream().collect(toUnmodifiableMap(Limit::name, Function.identity()));
        this.buckets = new FallbackBuckets(new RedisBuckets(redis, keys), new LocalBuckets(System::nanoTime));
    }

    public Turnstiles turnstiles() {
        return new Turnstiles(turnstile(CONNECT), turnstile(SEND), turnstile(PUBLISH));
    }

    private Turnstile turnstile(String name) {
        Limit limit = limits.get(name);
        return limit == null ? Turnstile.OPEN : Turnstile.of(limit, buckets);
    }

    /**
     * Takes something.
     *
     * @param cost from 1 to the limit's burst
     * @param id under which it is taken once, however often it is asked for; null: each time
     * @return fails with {@code rate_limited} too, and {@code conflict} when under that id something else was taken
     */
    public Mono<Taken> take(Principal who, String name, @Nullable String key, long cost, @Nullable String id) {
        return Mono.defer(() -> {
            Limit limit = limit(name);
            requireFits(limit, cost);
            Buckets.Receipt receipt = id == null ? null : new Buckets.Receipt(id, false);
            return buckets.take(limit, owner(limit, who, key), cost, receipt).map(Taken::orRefused);
        });
    }

    /**
     * Takes what may be needed, until it is known what is. What is never settled stays taken. Fails as {@link #take}.
     *
     * @param id the reservation's; the same one again is the same reservation. One is made when null
     */
    public Mono<Reserved> reserve(Principal who, String name, @Nullable String key, long cost, @Nullable String id) {
        return Mono.defer(() -> {
            Limit limit = limit(name);
            requireFits(limit, cost);
            String reservation = id == null ? Ids.random() : id;
            return buckets.take(limit, owner(limit, who, key), cost, new Buckets.Receipt(reservation, true))
                    .map(taken -> new Reserved(reservation, cost, taken.orRefused()));
        });
    }

    /**
     * Gives back what a reservation has too much, or takes what it has too little, even past the burst. The same again does nothing more.
     *
     * @param key as it was reserved with
     * @param used 0 or more
     * @return fails with {@code not_found} when there is no such reservation, {@code conflict} when it was settled with another use,
     *     {@code unavailable} while Redis is away, unless it was made on this node meanwhile
     */
    public Mono<Settled> settle(Principal who, String name, @Nullable String key, String reservation, long used) {
        return Mono.defer(() -> {
            Limit limit = limit(name);
            return buckets.settle(limit, owner(limit, who, key), reservation, used);
        });
    }

    private Limit limit(String name) {
        if (OWN.contains(name)) {
            throw Refusal.of(ErrorCode.FORBIDDEN, "the limit " + name + " is counted by the gateway itself");
        }
        Limit limit = limits.get(name);
        if (limit == null) {
            throw Refusal.of(ErrorCode.NOT_FOUND, "there is no limit " + name + " in the gateway's configuration");
        }
        return limit;
    }

    private static void requireFits(Limit limit, long cost) {
        if (cost < 1 || cost > limit.burst()) {
            throw Refusal.badRequest(
                    "cost must be from 1 to " + limit.burst() + ", what the limit " + limit.name() + " takes at once");
        }
    }

    private static Owner owner(Limit limit, Principal who, @Nullable String key) {
        if (limit.per() == Per.TENANT) {
            if (key != null) {
                throw Refusal.badRequest("key must not be there: the limit " + limit.name() + " is per tenant");
            }
            return new Owner(who.tenant(), "");
        }
        if (key == null && limit.per() != Per.SUBJECT) {
            throw Refusal.badRequest("key is missing: the limit " + limit.name() + " is per "
                    + limit.per().word());
        }
        return new Owner(who.tenant(), key == null ? who.subject() : key);
    }

    /** How often something was taken, by anybody. */
    public long taken() {
        return buckets.taken();
    }

    /** How often it would have been too much. */
    public long refused() {
        return buckets.refused();
    }

    /** How often this node decided alone, since Redis was away. */
    public long alone() {
        return buckets.alone();
    }
}
