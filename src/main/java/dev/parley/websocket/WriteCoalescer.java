package dev.parley.websocket;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Ticker;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides when the sockets of one event loop are written. A write costs the kernel and the reader nearly the same for one frame as for ten,
 * so a busy loop lets frames join: the more sockets a round wrote, the later the next one comes. After a round of fewer than {@value #FEW}
 * sockets there is no wait. Tasks of the loop that are due go before a round.
 */
final class WriteCoalescer {

    private static final Logger LOG = LoggerFactory.getLogger(WriteCoalescer.class);

    private static final int FEW = 100;
    /**
     * Wait per socket of a round, about four times the cost of its write. It is not measured, because a delayed thread would then wait even
     * longer.
     */
    private static final long WAIT_NANOS = 10_000;

    private static final long LONGEST_WAIT_NANOS = 10_000_000;

    private final EventLoop loop;
    private final Ticker ticker;
    private final Runnable round = this::round;
    private List<BooleanSupplier> next = new ArrayList<>();
    private List<BooleanSupplier> now = new ArrayList<>();
    private long earliest;

    WriteCoalescer(EventLoop loop) {
        this.loop = loop;
        this.ticker = loop.ticker();
        this.earliest = ticker.nanoTime();
    }

    /**
     * Runs a write once, in the next round, on the event loop. Any thread.
     *
     * @param write returns whether it wrote anything
     */
    void join(BooleanSupplier write) {
        if (loop.inEventLoop()) {
            add(write);
        } else {
            loop.execute(() -> add(write));
        }
    }

    private void add(BooleanSupplier write) {
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
        List<BooleanSupplier> writes = next;
        next = now;
        now = writes;
        int wrote = 0;
        for (BooleanSupplier write : writes) {
            if (wrote(write)) {
                wrote++;
            }
        }
        long wait = wrote < FEW ? 0 : Math.min(wrote * WAIT_NANOS, LONGEST_WAIT_NANOS);
        earliest = ticker.nanoTime() + wait;
        writes.clear();
    }

    private static boolean wrote(BooleanSupplier write) {
        try {
            return write.getAsBoolean();
        } catch (RuntimeException | Error e) {
            // An exception must not stop the other sockets of this loop.
            LOG.error("A write to a socket failed", e);
            return false;
        }
    }
}
