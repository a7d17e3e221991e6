package dev.parley.http;

import org.reactivestreams.Publisher;

/** Answers the requests of one route. Called on an event loop: it must not block. */
@FunctionalInterface
public interface Handler {

    /**
     * Sends the response when it is subscribed to, and completes when that is done. Cancelled when the client disconnects.
     *
     * <p>An error, thrown or signalled, becomes a problem: the client receives a {@link dev.parley.error.ParleyException} or {@link
     * ProblemException}; anything else is an internal error, which the log has.
     */
    Publisher<Void> handle(Exchange exchange);
}
