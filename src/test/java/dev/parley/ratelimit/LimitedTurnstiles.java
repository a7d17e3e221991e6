package dev.parley.ratelimit;

import java.time.Duration;

/** Turnstiles for tests of other packages. */
public final class LimitedTurnstiles {

    private LimitedTurnstiles() {}

    /** Lets so many of each owner through, and for the next minute none; time stands still. */
    public static EndpointLimiter letting(long many, LimitScope per) {
        return EndpointLimiter.of(
                new Limit("tested", many, Duration.ofMinutes(1), many, per), new LocalBuckets(() -> 0));
    }
}
