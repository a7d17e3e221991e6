package dev.parley.ratelimit;

import java.time.Duration;

/**
 * A rate that has a name.
 *
 * @param name lower-case letters, digits and hyphens
 * @param events that may be taken in a period, in the long run
 * @param period at least a millisecond
 * @param burst most that may be taken at once, after a time in which nothing was
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

    /** How much of what was taken is given back in a millisecond. */
    double perMilli() {
        return (double) events / period.toMillis();
    }
}
