package dev.parley.llmcache;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The conditions of a look-up.
 *
 * @param patience time to wait for another caller's computation; zero: no wait
 * @param lease time within which the caller will compute if no other caller does; zero: it will not
 * @param oldest maximum age of the response; null: any
 * @param nearest minimum cosine of another question, if that is more than its category's threshold; 1 for none
 * @param live the form of a stream in progress that the caller accepts; null: only a complete response
 * @param account the caller's at the model's API: a {@link ComputeFailure} of the same account is accepted; null: none is
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

    /** Only what there is now. */
    public static final LookupOptions NOW = new LookupOptions(Duration.ZERO, Duration.ZERO, null);
}
