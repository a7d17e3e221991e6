package dev.parley.websocket;

import dev.parley.error.ParleyException;
import dev.parley.hub.Delivery;
import dev.parley.hub.Subscriber;
import dev.parley.protocol.ServerFrames;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;

/** A socket's subscription to one conversation. After {@code dispose} nothing of the conversation reaches the socket. */
final class SocketSubscription implements Subscriber, Disposable {

    private final Outbox outbox;
    private final @Nullable String ref;
    private final BiConsumer<SocketSubscription, ParleyException> ended;
    private final Disposable.Swap seat = Disposables.swap();

    /** @param ended called when the conversation can't be followed */
    SocketSubscription(Outbox outbox, @Nullable String ref, BiConsumer<SocketSubscription, ParleyException> ended) {
        this.outbox = outbox;
        this.ref = ref;
        this.ended = ended;
    }

    void seated(Disposable leave) {
        seat.update(leave);
    }

    @Override
    public Executor loop() {
        return outbox.loop();
    }

    @Override
    public void offer(Delivery delivery) {
        if (!isDisposed()) {
            outbox.offer(delivery.frame());
        }
    }

    @Override
    public void offerEphemeral(Delivery.Event event) {
        if (!isDisposed()) {
            outbox.offerEphemeral(event.frame());
        }
    }

    @Override
    public void refused(ParleyException refusal) {
        if (!isDisposed()) {
            outbox.offer(ServerFrames.error(ref, refusal));
            ended.accept(this, refusal);
            dispose();
        }
    }

    @Override
    public boolean hasRoom() {
        return outbox.hasRoom();
    }

    @Override
    public Mono<Void> room() {
        return outbox.room();
    }

    @Override
    public void dispose() {
        seat.dispose();
    }

    @Override
    public boolean isDisposed() {
        return seat.isDisposed();
    }
}
