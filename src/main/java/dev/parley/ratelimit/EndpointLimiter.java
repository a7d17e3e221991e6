package dev.parley.ratelimit;

import dev.parley.auth.Principal;
import dev.parley.error.ParleyException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** A limit that the gateway itself enforces at one of its endpoints, or none. Thread-safe. */
public final class EndpointLimiter {

    /** No limit. */
    public static final EndpointLimiter OPEN = new EndpointLimiter(null, null);

    private final @Nullable Limit limit;
    private final @Nullable Buckets buckets;

    private EndpointLimiter(@Nullable Limit limit, @Nullable Buckets buckets) {
        this.limit = limit;
        this.buckets = buckets;
    }

    static EndpointLimiter of(Limit limit, Buckets buckets) {
        return new EndpointLimiter(limit, buckets);
    }

    /** Whether there is no limit, and so nothing to check. */
    public boolean isOpen() {
        return limit == null;
    }

    /** Whether the limit is per address, so that it can be checked before authentication. */
    public boolean countsAddresses() {
        return limit != null && limit.per() == LimitScope.ADDRESS;
    }

    /**
     * Counts a request before it runs. Cold; answers come on Redis' event loop, or immediately while Redis is unavailable.
     *
     * @param conversation empty if there is none
     * @param address the client's
     * @param cost 1 or more
     * @return fails with a {@link ParleyException}: {@code rate_limited}, or {@code bad_request} when the cost exceeds the limit's burst
     */
    public Mono<LimitDecision> pass(Principal who, String conversation, String address, long cost) {
        return take(owner(who, conversation, address), cost);
    }

    /** As {@link #pass}, if {@link #countsAddresses}: once. */
    public Mono<LimitDecision> pass(String address) {
        return take(new LimitKey("", address), 1);
    }

    private Mono<LimitDecision> take(LimitKey owner, long cost) {
        Limit kept = Objects.requireNonNull(limit);
        if (cost > kept.burst()) {
            return Mono.error(ParleyException.badRequest("the request has a cost of " + cost + ": the limit "
                    + kept.name() + " allows " + kept.burst() + " at a time: send fewer events"));
        }
        return Objects.requireNonNull(buckets).take(kept, owner, cost, null).map(LimitDecision::orRefused);
    }

    private LimitKey owner(Principal who, String conversation, String address) {
        return switch (Objects.requireNonNull(limit).per()) {
            case TENANT -> new LimitKey(who.tenant(), "");
            case SUBJECT -> new LimitKey(who.tenant(), who.subject());
            case CONVERSATION -> new LimitKey(who.tenant(), conversation);
            case ADDRESS -> new LimitKey("", address);
        };
    }
}
