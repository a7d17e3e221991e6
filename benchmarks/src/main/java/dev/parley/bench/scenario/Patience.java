package dev.parley.bench.scenario;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Waits for what may never come: whoever waits looks afterwards how far it got. */
final class Patience {

    private Patience() {}

    /** Looks each so often, until it is done or that long has passed. */
    static void atMost(Duration longest, Duration look, BooleanSupplier done) throws InterruptedException {
        long start = System.nanoTime();
        while (!done.getAsBoolean() && System.nanoTime() - start < longest.toNanos()) {
            TimeUnit.NANOSECONDS.sleep(look.toNanos());
        }
    }
}
