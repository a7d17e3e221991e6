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
 * What threads have to say to the conversations of one event loop, handled there one thing at a time. A turn takes what was there when
 * it began, for 50 ms or so; what is left or has come meanwhile gets another turn, behind the loop's own reads and writes. One mailbox for
 * each conversation would be a task for each event.
 */
final class Mailbox<T> {

    private static final Logger LOG = LoggerFactory.getLogger(Mailbox.class);

    /** Bytes stand above, items below. */
    private static final int BYTES = 32;

    private static final long TURN_NANOS = 50_000_000;
    /** The clock is looked at before each of so many. */
    private static final int LOOK = 16;

    private final Queue<T> queue = Queues.<T>unboundedMultiproducer().get();
    private final AtomicLong waiting = new AtomicLong();
    private final Executor loop;
    private final ToIntFunction<T> size;
    private final Consumer<T> handler;
    private final int limit;
    private final Runnable turn = this::turn;

    /**
     * @param loop runs one thing at a time, in order
     * @param size bytes that something takes while it waits
     * @param limit bytes that may wait
     */
    Mailbox(Executor loop, ToIntFunction<T> size, Consumer<T> handler, int limit) {
        this.loop = loop;
        this.size = size;
        this.handler = handler;
        this.limit = limit;
    }

    /** For what may be dropped while too much waits; returns whether there was room. */
    boolean addIfRoom(T item) {
        boolean room = (waiting.get() >> BYTES) + size.applyAsInt(item) <= limit;
        if (room) {
            add(item);
        }
        return room;
    }

    /** For what must be told. */
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
            LOG.debug("The node has stopped: nobody is there to be told");
        }
    }

    /** A loop of Netty's goes on with its tasks for up to a second while there are any: its sockets' turn comes first here. */
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
                // Perhaps not one that has been counted, where two are just being added: then this one will be.
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
            // All conversations of this loop are behind it.
            LOG.error("A conversation could not handle {}", item, e);
        }
    }
}
