package dev.parley.http;

import org.reactivestreams.Publisher;

/** Answers the requests of one route. Called on an event loop: it must not block. */
@FunctionalInterface
public interface Handler {

    /**
     * Sends the answer when it is subscribed to, and completes when that is done. It is cancelled when the client goes.
     *
     * <p>An error, thrown or signalled, becomes a problem: a {@link dev.parley.error.ParleyException} or {@link ProblemException} says what
     * the client is told, anything else is an internal error that the log tells about.
     */
    Publisher<Void> handle(Exchange exchange);
}
