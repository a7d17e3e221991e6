package dev.parley.support;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** A limit on memory of one node for one purpose, in bytes. Thread-safe; never blocks. */
public final class MemoryBudget {

    private final long most;
    private final AtomicLong taken = new AtomicLong();
    private final LongAdder refused = new LongAdder();

    /** @param most maximum bytes taken at the same time */
    public MemoryBudget(long most) {
        this.most = most;
    }

    /** Takes that many bytes; false, and nothing is taken, if fewer are free. */
    public boolean take(long bytes) {
        if (taken.addAndGet(bytes) <= most) {
            return true;
        }
        taken.addAndGet(-bytes);
        refused.increment();
        return false;
    }

    /** Takes that many bytes even if fewer are free, for data that is in memory already; false if that exceeds the limit. */
    public boolean force(long bytes) {
        return taken.addAndGet(bytes) <= most;
    }

    /** Returns bytes. */
    public void give(long bytes) {
        taken.addAndGet(-bytes);
    }

    /** Bytes that are taken now. */
    public long taken() {
        return taken.get();
    }

    /** Number of times that {@link #take} has returned false. */
    public long refused() {
        return refused.sum();
    }

    public long most() {
        return most;
    }

    /** Opens a share, which its first owner closes. */
    public Share share() {
        return new Share();
    }

    /** The bytes of one request. They are returned when its last owner has closed it. Thread-safe. */
    public final class Share {

        private long bytes;
        private int owners = 1;

        /** Takes more; false, and nothing is taken, if less is free or the share has no owner any more. */
        public synchronized boolean take(long more) {
            boolean taken = owners > 0 && MemoryBudget.this.take(more);
            bytes += taken ? more : 0;
            return taken;
        }

        /** Adds an owner, who closes it too. */
        public synchronized void addOwner() {
            if (owners == 0) {
                throw new IllegalStateException("the share has been given back");
            }
            owners++;
        }

        /** Each owner calls this once. */
        public synchronized void close() {
            if (--owners == 0) {
                give(bytes);
                bytes = 0;
            }
        }
    }
}
