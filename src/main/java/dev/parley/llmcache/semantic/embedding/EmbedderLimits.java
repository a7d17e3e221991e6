package dev.parley.llmcache.semantic.embedding;

import java.time.Duration;

/**
 * How much an embedder asks its service for.
 *
 * @param timeout of a request, connecting included
 * @param batch texts in a request, at most
 * @param requests at once, at most
 * @param waiting texts that wait for one, at most; more are refused
 */
record EmbedderLimits(Duration timeout, int batch, int requests, int waiting) {

    static final EmbedderLimits DEFAULT = new EmbedderLimits(Duration.ofSeconds(5), 64, 8, 10_000);
}
