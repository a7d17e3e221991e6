package dev.parley.hub;

import dev.parley.error.ParleyException;
import java.util.concurrent.Executor;
import reactor.core.publisher.Mono;

/** The receiver of a subscription's deliveries, such as a socket. Called by one thread at a time; must not block. */
public interface Subscriber {

    /** The event loop that writes to it, on which its conversation should run. */
    Executor loop();

    /** A delivery that must not be dropped. A subscriber that can't take it must end its subscription. */
    void offer(Delivery delivery);

    /** An event that may be dropped when the subscriber is slow. */
    void offerEphemeral(Delivery.Event event);

    /** The conversation can't be followed now; nothing more arrives. */
    void refused(ParleyException refusal);

    /** Whether there is room for a snapshot of any size, or a page of missed events. */
    boolean hasRoom();

    /** Completes when {@link #hasRoom} is true. */
    Mono<Void> room();
}
