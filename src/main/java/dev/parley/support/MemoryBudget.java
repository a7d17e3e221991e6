package dev.parley.support;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** A limit to what one node holds in memory for one purpose, in bytes. Thread-safe; never blocks. */
public final class MemoryBudget {

    private final long most;
    private final AtomicLong taken = new AtomicLong();
    private final LongAdder refused = new LongAdder();

    /** @param most bytes that may be taken at once */
    public MemoryBudget(long most) {
        this.most = most;
    }

    /** Takes so many bytes; false, and nothing is taken, where fewer are free. */
    public boolean take(long bytes) {
        if (taken.addAndGet(bytes) <= most) {
            return true;
        }
        taken.addAndGet(-bytes);
        refused.increment();
        return false;
    }

    /** Takes so many bytes whatever is free, for what is in memory already; false where that is more than the limit. */
    public boolean force(long bytes) {
        return taken.addAndGet(bytes) <= most;
    }

    /** Gives back what was taken. */
    public void give(long bytes) {
        taken.addAndGet(-bytes);
    }

    /** Bytes that are taken now. */
    public long taken() {
        return taken.get();
    }

    /** Times that {@link #take} has refused. */
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

    /** What one request takes. It is given back when the last of its owners has closed it. Thread-safe. */
    public final class Share {

        private long bytes;
        private int owners = 1;

        /** Takes more; false, and nothing is taken, where less is free or nobody owns this share any more. */
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
