package dev.parley.store;

import reactor.core.publisher.Mono;

/** Imports sessions that another program has kept in the original Python format. */
@FunctionalInterface
public interface SessionImport {

    /** Where none are looked for. */
    SessionImport NONE = conversation -> Mono.just(false);

    /**
     * Looks for such a session of a conversation that Parley does not know, and imports it, once whoever asks.
     *
     * @return cold; whether there is a session now. Fails with a {@link dev.parley.error.ParleyException}: {@code conflict} with the key and the
     *     reason when what is there can't be imported, {@code unavailable} while Redis can't be reached
     */
    Mono<Boolean> bring(String conversation);
}
