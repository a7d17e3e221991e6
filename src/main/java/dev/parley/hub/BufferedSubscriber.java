package dev.parley.hub;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.concurrent.Queues;

/**
 * A subscriber that is read as a Flux, on demand. Deliveries without demand wait here, bounded in bytes as a socket's outbox is. A delivery
 * of any size is accepted while at most a quarter of the room is used. Beyond the bound the Flux fails with {@code overloaded}.
 */
final class BufferedSubscriber implements Subscriber {

    private final Executor loop;
    private final int limit;
    private final Disposable.Swap subscription = Disposables.swap();
    private final AtomicLong bytes = new AtomicLong();
    private final Queue<Sinks.Empty<Void>> waiting = new ConcurrentLinkedQueue<>();
    private final Sinks.Many<Delivery> deliveries = Sinks.unsafe()
            .many()
            .unicast()
            .onBackpressureBuffer(Queues.<Delivery>unbounded().get());

    /** Fails at once, whatever waits: whoever does not read would never come to the end of that. */
    private final Sinks.Empty<Void> tooSlow = Sinks.empty();

    /** @param limit bytes that may wait, counted as WebSocket frames */
    BufferedSubscriber(Executor loop, int limit) {
        this.loop = loop;
        this.limit = limit;
    }

    /** @param leave ends the subscription to the conversation */
    void subscribed(Disposable leave) {
        subscription.update(leave);
    }

    /** The deliveries. One subscription; cancelling it ends the subscription to the conversation. Fails as {@link #refused} says. */
    Flux<Delivery> deliveries() {
        return deliveries
                .asFlux()
                .doOnNext(this::taken)
                .takeUntilOther(tooSlow.asMono())
                .doFinally(end -> subscription.dispose());
    }

    private void taken(Delivery delivery) {
        bytes.addAndGet(-delivery.frame().size());
        wake();
    }

    private void wake() {
        for (Sinks.Empty<Void> one = waiting.peek(); one != null && hasRoom(); one = waiting.peek()) {
            if (waiting.remove(one)) {
                // It may have been cancelled, and then the result does not matter.
                var unused = one.tryEmitEmpty();
            }
        }
    }

    @Override
    public Executor loop() {
        return loop;
    }

    @Override
    public void offer(Delivery delivery) {
        int size = delivery.frame().size();
        long before = bytes.getAndAdd(size);
        if (before > limit / 4 && before + size > limit) {
            subscription.dispose();
            var unused = tooSlow.tryEmitError(ParleyException.of(
                    ErrorCode.OVERLOADED, "the subscriber reads too slowly: " + before + " bytes wait for it"));
        } else {
            add(delivery);
        }
    }

    @Override
    public void offerEphemeral(Delivery.Event event) {
        int size = event.frame().size();
        if (bytes.get() + size <= limit / 2) {
            bytes.addAndGet(size);
            add(event);
        }
    }

    /** Drops deliveries that arrive after the Flux was cancelled or has failed, until the conversation has removed the subscription. */
    private void add(Delivery delivery) {
        var unused = deliveries.tryEmitNext(delivery);
    }

    /** Ends the subscription immediately: the buffered deliveries may never be demanded. */
    @Override
    public void refused(ParleyException refusal) {
        subscription.dispose();
        var unused = deliveries.tryEmitError(refusal);
    }

    @Override
    public boolean hasRoom() {
        return bytes.get() <= limit / 4;
    }

    @Override
    public Mono<Void> room() {
        return Mono.defer(() -> {
            Sinks.Empty<Void> one = Sinks.empty();
            waiting.add(one);
            wake();
            return one.asMono();
        });
    }
}
