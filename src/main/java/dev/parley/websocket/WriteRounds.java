package dev.parley.websocket;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Ticker;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * When the sockets of one event loop are written. A write costs the kernel and who reads it nearly the same for one frame as for ten, so
 * a busy loop lets frames join: after a round the next one waits {@value #WAIT} times as long as that one took, 10 ms at most. Where
 * little is to be written a round takes microseconds, and nothing waits.
 */
final class WriteRounds {

    private static final Logger LOG = LoggerFactory.getLogger(WriteRounds.class);

    private static final int WAIT = 3;
    private static final long LONGEST_WAIT_NANOS = 10_000_000;

    private final EventLoop loop;
    private final Ticker ticker;
    private final Runnable round = this::round;
    private List<Runnable> next = new ArrayList<>();
    private List<Runnable> now = new ArrayList<>();
    private long earliest;

    WriteRounds(EventLoop loop) {
        this.loop = loop;
        this.ticker = loop.ticker();
        this.earliest = ticker.nanoTime();
    }

    /** Runs it once, in the next round, on the event loop. Any thread. */
    void join(Runnable write) {
        if (loop.inEventLoop()) {
            add(write);
        } else {
            loop.execute(() -> add(write));
        }
    }

    private void add(Runnable write) {
        next.add(write);
        if (next.size() == 1) {
            long wait = earliest - ticker.nanoTime();
            if (wait > 0) {
                var unused = loop.schedule(round, wait, TimeUnit.NANOSECONDS);
            } else {
                loop.execute(round);
            }
        }
    }

    private void round() {
        long begin = ticker.nanoTime();
        List<Runnable> writes = next;
        next = now;
        now = writes;
        for (Runnable write : writes) {
            write(write);
        }
        writes.clear();
        long end = ticker.nanoTime();
        earliest = end + Math.min(WAIT * (end - begin), LONGEST_WAIT_NANOS);
    }

    private static void write(Runnable write) {
        try {
            write.run();
        } catch (RuntimeException | Error e) {
            // All sockets of this loop are behind it.
            LOG.error("A socket could not be written", e);
        }
    }
}
