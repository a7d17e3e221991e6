package dev.parley.publish;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What the lanes count together. */
record QueueCounts(AtomicLong queued, LongAdder replayed, LongAdder refused) {

    QueueCounts() {
        this(new AtomicLong(), new LongAdder(), new LongAdder());
    }
}
