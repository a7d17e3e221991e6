package dev.parley.llmcache;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a caller wants of a look-up.
 *
 * @param patience how long for an answer that somebody else computes; zero: not at all
 * @param lease if nobody computes it the caller will, within this time; zero: it does not say
 * @param oldest the oldest answer that will do; null: any
 * @param nearest the least cosine of another question whose answer will do, where that is more than its category's; 1 for none
 * @param live the form in which an answer will do that somebody else has begun; null: only a whole one will
 * @param account under which the caller would ask the model: a {@link ComputeFailure} of the same is one for this caller; null: none is
 */
public record LookupOptions(
        Duration patience,
        Duration lease,
        @Nullable Duration oldest,
        double nearest,
        @Nullable String live,
        @Nullable String account) {

    public LookupOptions(
            Duration patience, Duration lease, @Nullable Duration oldest, double nearest, @Nullable String live) {
        this(patience, lease, oldest, nearest, live, null);
    }

    public LookupOptions(Duration patience, Duration lease, @Nullable Duration oldest) {
        this(patience, lease, oldest, 0, null);
    }

    /** Whatever there is now. */
    public static final LookupOptions NOW = new LookupOptions(Duration.ZERO, Duration.ZERO, null);
}
