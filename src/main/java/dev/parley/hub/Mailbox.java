package dev.parley.hub;

import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.util.concurrent.Queues;

/**
 * Serialises what threads have to say to one conversation: whoever comes first handles it and what others add meanwhile (the queue
 * drain of Reactor's own operators). No lock, no thread of its own, and no hop where there is no contention.
 */
final class Mailbox<T> {

    private static final Logger LOG = LoggerFactory.getLogger(Mailbox.class);

    private final Queue<T> queue = Queues.<T>unboundedMultiproducer().get();
    private final AtomicInteger size = new AtomicInteger();
    private final Consumer<T> handler;

    Mailbox(Consumer<T> handler) {
        this.handler = handler;
    }

    int size() {
        return size.get();
    }

    void add(T item) {
        queue.add(item);
        if (size.getAndIncrement() != 0) {
            return;
        }
        do {
            T next = queue.poll();
            if (next != null) {
                handle(next);
            }
        } while (size.decrementAndGet() != 0);
    }

    private void handle(T item) {
        try {
            handler.accept(item);
        } catch (RuntimeException e) {
            LOG.error("A conversation could not handle {}", item, e);
        }
    }
}
