package dev.parley.llmcache;

import java.time.Instant;
import java.util.Map;

/**
 * The counters of a tenant's cache for an hour.
 *
 * @param counts {@code hit:<kind>}, {@code miss:<reason>}, {@code refused:<reason>} (puts), {@code stored}, {@code saved_ms} and {@code
 *     saved_micros}; absent ones are 0
 */
public record HourlyFigures(Instant hour, Map<String, Long> counts) {

    public HourlyFigures {
        counts = Map.copyOf(counts);
    }
}
