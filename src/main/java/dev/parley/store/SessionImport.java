package dev.parley.store;

import reactor.core.publisher.Mono;

/** Imports sessions that another program has kept in the original Python format. */
@FunctionalInterface
public interface SessionImport {

    /** Imports nothing. */
    SessionImport NONE = conversation -> Mono.just(false);

    /**
     * Looks for such a session of a conversation that Parley does not know, and imports it once, however many callers ask.
     *
     * @return cold; whether there is a session now. Fails with a {@link dev.parley.error.ParleyException}: {@code conflict} with the key
     *     and the reason when the session can't be imported, {@code unavailable} while Redis can't be reached
     */
    Mono<Boolean> bring(String conversation);
}
