package dev.parley.support;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Waits for conditions, never longer than told: limits are those of a quiet machine, see {@link Patience}. */
public final class Await {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long LOOK_EVERY_NANOS = 5_000_000;

    private Await() {}

    /** Fails when it has not come true within 30 s of a quiet machine; the place in the test says what. */
    public static void until(Callable<Boolean> condition) {
        until("this", condition);
    }

    /** Fails when it has not come true within 30 s of a quiet machine. */
    public static void until(String what, Callable<Boolean> condition) {
        within(PATIENCE, what, condition);
    }

    /** Fails when it has not come true by then. */
    public static void within(Duration limit, String what, Callable<Boolean> condition) {
        if (!holds(limit, condition)) {
            throw new AssertionError("waited " + Patience.of(limit) + ": " + what);
        }
    }

    /** Whether it has come true by then. */
    public static boolean holds(Duration limit, Callable<Boolean> condition) {
        long began = System.nanoTime();
        try {
            while (!condition.call()) {
                long waited = System.nanoTime() - began;
                if (waited > limit.toNanos() && waited > Patience.of(limit).toNanos()) {
                    return false;
                }
                LockSupport.parkNanos(LOOK_EVERY_NANOS);
            }
            return true;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** Lets what goes on go on for a while. */
    public static void pass(Duration time) {
        long until = System.nanoTime() + time.toNanos();
        for (long left = time.toNanos(); left > 0; left = until - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }
}
