package dev.parley.support;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** Logs at most one warning per interval, with the number of suppressed ones. Thread-safe. */
public final class LimitedLog {

    private final Logger log;
    private final long intervalNanos;
    private final AtomicLong next = new AtomicLong(System.nanoTime());
    private final AtomicLong suppressed = new AtomicLong();

    public LimitedLog(Logger log, Duration interval) {
        this.log = log;
        this.intervalNanos = interval.toNanos();
    }

    public void warn(String what, String where, @Nullable String why) {
        long now = System.nanoTime();
        long due = next.get();
        if (now - due >= 0 && next.compareAndSet(due, now + intervalNanos)) {
            log.warn("{} on {}: {} ({} more since the last such line)", what, where, why, suppressed.getAndSet(0));
        } else {
            suppressed.incrementAndGet();
        }
    }
}
