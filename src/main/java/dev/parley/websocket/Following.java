package dev.parley.websocket;

import dev.parley.frame.Frame;
import dev.parley.frame.Refusal;
import dev.parley.frame.ServerFrames;
import dev.parley.hub.Follower;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;

/** A socket's part in one conversation. Disposing leaves the conversation, after which nothing of it reaches the socket. */
final class Following implements Follower, Disposable {

    private final Outbox outbox;
    private final @Nullable String ref;
    private final BiConsumer<Following, Refusal> ended;
    private final Disposable.Swap seat = Disposables.swap();

    /** @param ended told when the conversation can't be followed */
    Following(Outbox outbox, @Nullable String ref, BiConsumer<Following, Refusal> ended) {
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
    public void offer(Frame frame) {
        if (!isDisposed()) {
            outbox.offer(frame);
        }
    }

    @Override
    public void offerEphemeral(Frame frame) {
        if (!isDisposed()) {
            outbox.offerEphemeral(frame);
        }
    }

    @Override
    public void refused(Refusal refusal) {
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
