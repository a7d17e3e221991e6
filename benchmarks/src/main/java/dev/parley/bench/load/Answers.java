package dev.parley.bench.load;

import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;

/** What HTTP requests were answered, and when. Written by the publisher's event loop, may be read by any thread. */
public final class Answers {

    private static final int ACCEPTED = 202;

    private final SingleWriterRecorder latency = new SingleWriterRecorder(3);
    private final AtomicLong queued = new AtomicLong();

    Answers() {}

    void came(int status, long nanos) {
        latency.recordValue(Math.max(0, nanos));
        if (status == ACCEPTED) {
            queued.lazySet(queued.get() + 1);
        }
    }

    /** Answers that said that the event waits for Redis. */
    public long queued() {
        return queued.get();
    }

    /** Times from the intended sending to the answer, in nanoseconds, since the last call. */
    public Histogram latency() {
        return latency.getIntervalHistogram();
    }
}
