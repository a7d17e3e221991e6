package dev.parley.ratelimit;

import static java.util.stream.Collectors.toUnmodifiableMap;

import dev.parley.auth.Principal;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.Ids;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * All limits, by name. The gateway itself enforces those of {@link EndpointLimiters}; agents ask for the others. A tenant's agents share
 * its counts, and see nothing of other tenants. Cold; answers come on Redis' event loop, or immediately while Redis is unavailable: then
 * this node counts alone, from zero, with the same rates. Thread-safe.
 *
 * <p>A {@code key} names the one that is counted: a subject, a conversation or an address, as the limit is per. Without one it is the
 * caller, or the caller's tenant. All methods fail with a {@link ParleyException}: {@code not_found}, {@code bad_request}.
 */
public final class Limits {

    public static final String CONNECT = "connect";
    public static final String SEND = "send";
    public static final String PUBLISH = "publish";

    private static final Set<String> OWN = Set.of(CONNECT, SEND, PUBLISH);

    private final Map<String, Limit> limits;
    private final FallbackBuckets buckets;

    /** @param settings by the limits' names */
    public Limits(Redis redis, Keys keys, Map<String, LimitSettings> settings) {
        this.limits = settings.entrySet().stream()
                .collect(toUnmodifiableMap(Map.Entry::getKey, each -> Limit.of(each.getKey(), each.getValue())));
        this.buckets = new FallbackBuckets(new RedisBuckets(redis, keys), new LocalBuckets(System::nanoTime));
    }

    public EndpointLimiters turnstiles() {
        return new EndpointLimiters(turnstile(CONNECT), turnstile(SEND), turnstile(PUBLISH));
    }

    private EndpointLimiter turnstile(String name) {
        Limit limit = limits.get(name);
        return limit == null ? EndpointLimiter.OPEN : EndpointLimiter.of(limit, buckets);
    }

    /**
     * Takes a cost.
     *
     * @param cost from 1 to the limit's burst
     * @param id under which the cost is taken once, however often it is requested; null: each time
     * @return fails with {@code rate_limited} too, and {@code conflict} when another cost was taken under that id
     */
    public Mono<LimitDecision> take(Principal who, String name, @Nullable String key, long cost, @Nullable String id) {
        return Mono.defer(() -> {
            Limit limit = limit(name);
            requireFits(limit, cost);
            Buckets.Receipt receipt = id == null ? null : new Buckets.Receipt(id, false);
            return buckets.take(limit, owner(limit, who, key), cost, receipt).map(LimitDecision::orRefused);
        });
    }

    /**
     * Takes the most that may be needed, until the actual use is known. A reservation that is never settled stays taken. Fails as {@link
     * #take}.
     *
     * @param id the reservation's; the same id again is the same reservation. One is made when null
     */
    public Mono<Reservation> reserve(Principal who, String name, @Nullable String key, long cost, @Nullable String id) {
        return Mono.defer(() -> {
            Limit limit = limit(name);
            requireFits(limit, cost);
            String reservation = id == null ? Ids.random() : id;
            return buckets.take(limit, owner(limit, who, key), cost, new Buckets.Receipt(reservation, true))
                    .map(taken -> new Reservation(reservation, cost, taken.orRefused()));
        });
    }

    /**
     * Returns the excess of a reservation, or takes its shortfall, even beyond the burst. A repeat does nothing.
     *
     * @param key as in the reservation
     * @param used 0 or more
     * @return fails with {@code not_found} when there is no such reservation, {@code conflict} when it was settled with another use, {@code
     *     unavailable} while Redis is unavailable, unless this node made the reservation during the outage
     */
    public Mono<SettleResult> settle(Principal who, String name, @Nullable String key, String reservation, long used) {
        return Mono.defer(() -> {
            Limit limit = limit(name);
            return buckets.settle(limit, owner(limit, who, key), reservation, used);
        });
    }

    private Limit limit(String name) {
        if (OWN.contains(name)) {
            throw ParleyException.of(
                    ErrorCode.FORBIDDEN, "the gateway itself enforces the limit " + name + ": name another limit");
        }
        Limit limit = limits.get(name);
        if (limit == null) {
            throw ParleyException.of(
                    ErrorCode.NOT_FOUND, "there is no limit " + name + " in the gateway's configuration");
        }
        return limit;
    }

    private static void requireFits(Limit limit, long cost) {
        if (cost < 1 || cost > limit.burst()) {
            throw ParleyException.badRequest(
                    "cost must be from 1 to " + limit.burst() + ", the burst of the limit " + limit.name());
        }
    }

    private static LimitKey owner(Limit limit, Principal who, @Nullable String key) {
        if (limit.per() == LimitScope.TENANT) {
            if (key != null) {
                throw ParleyException.badRequest("key must be left out: the limit " + limit.name() + " is per tenant");
            }
            return new LimitKey(who.tenant(), "");
        }
        if (key == null && limit.per() != LimitScope.SUBJECT) {
            throw ParleyException.badRequest("key is missing: the limit " + limit.name() + " is per "
                    + limit.per().word());
        }
        return new LimitKey(who.tenant(), key == null ? who.subject() : key);
    }

    /** Number of allowed requests, of all callers. */
    public long taken() {
        return buckets.taken();
    }

    /** Number of rejected requests. */
    public long refused() {
        return buckets.refused();
    }

    /** Number of requests that this node decided alone because Redis was unavailable. */
    public long alone() {
        return buckets.alone();
    }
}
