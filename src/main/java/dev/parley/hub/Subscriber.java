package dev.parley.hub;

import dev.parley.error.ParleyException;
import java.util.concurrent.Executor;
import reactor.core.publisher.Mono;

/** Whoever follows a conversation directly: a socket. Called by one thread at a time; must not block. */
public interface Subscriber {

    /** The event loop that writes to it, which its conversation had better run on. */
    Executor loop();

    /** Something that must arrive. When it can't be taken the subscriber has to leave. */
    void offer(Delivery delivery);

    /** An event that may be dropped when the subscriber is slow. */
    void offerEphemeral(Delivery.Event event);

    /** The conversation can't be followed now; nothing more will come. */
    void refused(ParleyException refusal);

    /** Whether there is room for a snapshot of any size, or a page of missed events. */
    boolean hasRoom();

    /** Completes when there is. */
    Mono<Void> room();
}
