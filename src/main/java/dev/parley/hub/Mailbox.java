package dev.parley.hub;

import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.util.concurrent.Queues;

/**
 * What threads have to say to the conversations of one event loop, handled there one thing at a time. A turn takes what was there when
 * it began; what has come meanwhile gets another turn, behind the loop's own reads and writes. One mailbox for each conversation would
 * be a task for each event.
 */
final class Mailbox<T> {

    private static final Logger LOG = LoggerFactory.getLogger(Mailbox.class);

    /** Bytes stand above, items below. */
    private static final int BYTES = 32;

    private final Queue<T> queue = Queues.<T>unboundedMultiproducer().get();
    private final AtomicLong waiting = new AtomicLong();
    private final Executor loop;
    private final Consumer<T> handler;
    private final int limit;
    private final Runnable turn = this::turn;

    /**
     * @param loop runs one thing at a time, in order
     * @param limit bytes that may wait
     */
    Mailbox(Executor loop, Consumer<T> handler, int limit) {
        this.loop = loop;
        this.handler = handler;
        this.limit = limit;
    }

    /** For what must be told. */
    void add(T item) {
        add(item, 1);
    }

    /**
     * For what may be dropped while too much waits.
     *
     * @param bytes what it takes while it waits
     * @return whether there was room
     */
    boolean addIfRoom(T item, int bytes) {
        boolean room = (waiting.get() >>> BYTES) + bytes <= limit;
        if (room) {
            add(item, (long) bytes << BYTES | 1);
        }
        return room;
    }

    private void add(T item, long load) {
        queue.add(item);
        if (waiting.getAndAdd(load) == 0) {
            plan();
        }
    }

    private void plan() {
        try {
            loop.execute(turn);
        } catch (RejectedExecutionException e) {
            LOG.debug("The node has stopped: nobody is there to be told");
        }
    }

    private void turn() {
        long load = waiting.get();
        for (int i = (int) load; i > 0; i--) {
            T item = queue.poll();
            if (item != null) {
                handle(item);
            }
        }
        if (waiting.addAndGet(-load) != 0) {
            plan();
        }
    }

    private void handle(T item) {
        try {
            handler.accept(item);
        } catch (RuntimeException e) {
            LOG.error("A conversation could not handle {}", item, e);
        }
    }
}
