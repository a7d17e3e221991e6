package dev.parley.hub;

import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.util.concurrent.Queues;

/**
 * What threads have to say to one conversation, handled one thing at a time on one event loop. A turn takes what was there when it
 * began; what has come meanwhile gets another turn behind everybody else's.
 */
final class Mailbox<T> {

    private static final Logger LOG = LoggerFactory.getLogger(Mailbox.class);

    private final Queue<T> queue = Queues.<T>unboundedMultiproducer().get();
    private final AtomicInteger size = new AtomicInteger();
    private final Executor loop;
    private final Consumer<T> handler;
    private final Runnable turn = this::turn;

    /** @param loop runs one thing at a time, in order */
    Mailbox(Executor loop, Consumer<T> handler) {
        this.loop = loop;
        this.handler = handler;
    }

    void add(T item) {
        queue.add(item);
        if (size.getAndIncrement() == 0) {
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
        int waiting = size.get();
        for (int i = 0; i < waiting; i++) {
            T item = queue.poll();
            if (item != null) {
                handle(item);
            }
        }
        if (size.addAndGet(-waiting) != 0) {
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
