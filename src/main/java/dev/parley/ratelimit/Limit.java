package dev.parley.ratelimit;

import java.time.Duration;

/**
 * A named rate.
 *
 * @param name lower-case letters, digits and hyphens
 * @param events that may be taken per period, in the long run
 * @param period at least a millisecond
 * @param burst maximum to be taken at the same time, after a pause
 * @param per who shares it
 */
public record Limit(String name, long events, Duration period, long burst, LimitScope per) {

    static Limit of(String name, LimitSettings settings) {
        int events = settings.events().orElseThrow();
        return new Limit(name, events, settings.period(), settings.burst().orElse(events), settings.per());
    }

    public Limit {
        if (events < 1 || burst < 1 || period.toMillis() < 1) {
            throw new IllegalArgumentException("a limit needs at least one event, a burst of one and a period");
        }
    }

    /** The amount that comes back per millisecond. */
    double perMilli() {
        return (double) events / period.toMillis();
    }
}
