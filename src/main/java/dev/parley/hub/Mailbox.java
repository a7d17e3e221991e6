package dev.parley.hub;

import io.netty.channel.SingleThreadEventLoop;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.util.concurrent.Queues;

/**
 * Tasks for the conversations of one event loop, run there one at a time. A turn takes the tasks that were there when it began, for about
 * 50 ms. The rest, and later tasks, get another turn after the loop's own reads and writes. One mailbox per conversation would cost one
 * task of the loop per event.
 */
final class Mailbox<T> {

    private static final Logger LOG = LoggerFactory.getLogger(Mailbox.class);

    /** The upper bits count bytes, the lower ones items. */
    private static final int BYTES = 32;

    private static final long TURN_NANOS = 50_000_000;
    /** Items between two looks at the clock. */
    private static final int LOOK = 16;

    private final Queue<T> queue = Queues.<T>unboundedMultiproducer().get();
    private final AtomicLong waiting = new AtomicLong();
    private final Executor loop;
    private final ToIntFunction<T> size;
    private final Consumer<T> handler;
    private final int limit;
    private final Runnable turn = this::turn;

    /**
     * @param loop runs one task at a time, in order
     * @param size bytes that an item holds while it waits
     * @param limit bytes that may wait
     */
    Mailbox(Executor loop, ToIntFunction<T> size, Consumer<T> handler, int limit) {
        this.loop = loop;
        this.size = size;
        this.handler = handler;
        this.limit = limit;
    }

    /** Adds an item that may be dropped while too much waits; returns whether there was room. */
    boolean addIfRoom(T item) {
        boolean room = (waiting.get() >> BYTES) + size.applyAsInt(item) <= limit;
        if (room) {
            add(item);
        }
        return room;
    }

    /** Adds an item that must not be dropped. */
    void add(T item) {
        queue.add(item);
        if (waiting.getAndAdd(load(item)) == 0) {
            planNext();
        }
    }

    private long load(T item) {
        return (long) size.applyAsInt(item) << BYTES | 1;
    }

    private void plan() {
        try {
            loop.execute(turn);
        } catch (RejectedExecutionException e) {
            LOG.debug("The node has stopped: a task is dropped");
        }
    }

    /** Plans the next turn after the loop's sockets: a loop of Netty's otherwise goes on with its tasks for up to a second. */
    private void planNext() {
        if (loop instanceof SingleThreadEventLoop sockets) {
            sockets.executeAfterEventLoopIteration(this::plan);
        } else {
            plan();
        }
    }

    private void turn() {
        int most = (int) waiting.get();
        long end = System.nanoTime() + TURN_NANOS;
        long done = 0;
        for (int i = 0; i < most && (i % LOOK != 0 || System.nanoTime() - end < 0); i++) {
            T item = queue.poll();
            if (item != null) {
                // With two concurrent adds the polled item may be the one not yet counted: then the counted one is
                // polled next.
                done += load(item);
                handle(item);
            }
        }
        if (waiting.addAndGet(-done) != 0) {
            planNext();
        }
    }

    private void handle(T item) {
        try {
            handler.accept(item);
        } catch (RuntimeException | Error e) {
            // An exception must not stop the other conversations of this loop.
            LOG.error("The task {} of a conversation failed", item, e);
        }
    }
}
