package dev.parley.ratelimit;

import dev.parley.auth.Principal;
import dev.parley.error.ParleyException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** A limit that the gateway keeps itself, at one of its own doors; or none there. Thread-safe. */
public final class EndpointLimiter {

    /** Where nobody is counted. */
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

    /** Whether there is no limit, and so nothing to ask here. */
    public boolean isOpen() {
        return limit == null;
    }

    /** Whether addresses are counted, and nobody is asked who they are. */
    public boolean countsAddresses() {
        return limit != null && limit.per() == LimitScope.ADDRESS;
    }

    /**
     * Counts what somebody is about to do. Cold; answers come on Redis' event loop, or at once while Redis is away.
     *
     * @param conversation empty where there is none
     * @param address where it comes from
     * @param cost how much it is, 1 or more
     * @return fails with a {@link ParleyException}: {@code rate_limited}, or {@code bad_request} when it is more than the limit ever takes at once
     */
    public Mono<LimitDecision> pass(Principal who, String conversation, String address, long cost) {
        return take(owner(who, conversation, address), cost);
    }

    /** As {@link #pass}, where {@link #countsAddresses}: once. */
    public Mono<LimitDecision> pass(String address) {
        return take(new LimitKey("", address), 1);
    }

    private Mono<LimitDecision> take(LimitKey owner, long cost) {
        Limit kept = Objects.requireNonNull(limit);
        if (cost > kept.burst()) {
            return Mono.error(ParleyException.badRequest("these are " + cost + " at once: the limit " + kept.name()
                    + " takes " + kept.burst() + " at most"));
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
