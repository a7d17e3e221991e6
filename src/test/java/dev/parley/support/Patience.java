package dev.parley.support;

import java.lang.management.ManagementFactory;
import java.lang.management.OperatingSystemMXBean;
import java.time.Duration;

/**
 * Time limits of tests. A test states what a quiet machine needs at most; the limit grows with the runnable work per core, since
 * somebody else's processes may use the same cores. Any thread.
 */
public final class Patience {

    private static final OperatingSystemMXBean SYSTEM = ManagementFactory.getOperatingSystemMXBean();

    /** Beyond this a limit says nothing any more. */
    private static final double MOST = 10;

    private Patience() {}

    /** The limit now: {@code quiet} times one plus the load per core, ten times {@code quiet} at most. */
    public static Duration of(Duration quiet) {
        // Negative where the system does not tell its load.
        double load = Math.max(0, SYSTEM.getSystemLoadAverage());
        double factor = Math.min(MOST, 1 + load / SYSTEM.getAvailableProcessors());
        return Duration.ofMillis((long) (quiet.toMillis() * factor));
    }

    public static Duration ofSeconds(long quiet) {
        return of(Duration.ofSeconds(quiet));
    }
}
