package dev.parley.hub;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/** Marks of ended ephemeral runs: the newest, for an hour. {@code append.lua} keeps the same for durable runs. Not thread-safe. */
final class EndedRuns {

    private static final int MAX_MARKS = 256;
    private static final long TTL_NANOS = Duration.ofHours(1).toNanos();

    /** Time of each mark; the oldest first. */
    private final Map<String, Long> marks = new LinkedHashMap<>(4);

    private final LongSupplier nanos;

    /** @param nanos a clock as {@link System#nanoTime} */
    EndedRuns(LongSupplier nanos) {
        this.nanos = nanos;
    }

    void add(String mark) {
        marks.remove(mark);
        marks.put(mark, nanos.getAsLong());
        if (marks.size() > MAX_MARKS) {
            marks.remove(marks.keySet().iterator().next());
        }
    }

    boolean has(String mark) {
        Long at = marks.get(mark);
        return at != null && nanos.getAsLong() - at < TTL_NANOS;
    }

    /** Returns whether the mark existed. */
    @CanIgnoreReturnValue
    boolean remove(String mark) {
        boolean had = has(mark);
        marks.remove(mark);
        return had;
    }

    boolean isEmpty() {
        return marks.isEmpty();
    }
}
