package dev.parley.llmcache.semantic.embedding;

import reactor.core.publisher.Mono;

/** Makes vectors of texts: near ones of texts that mean something similar. */
public interface Embedder {

    /**
     * Names model and version: vectors of two embedders with one id can be compared. One to 128 characters of those that ids may
     * have.
     */
    String id();

    /** The length of its vectors. */
    int dimensions();

    /**
     * The vector of a text, of length 1. Cold, never empty, never on the caller's thread for long; fails with a
     * {@link dev.parley.error.ParleyException}: {@code unavailable} when there is no embedder now, {@code overloaded} when too many texts wait.
     */
    Mono<float[]> embed(String text);
}
