/**
 * Texts as vectors. An {@link dev.parley.llmcache.semantic.embedding.Embedder} runs in this process
 * ({@link dev.parley.llmcache.semantic.embedding.MiniLm}) or asks a server ({@link dev.parley.llmcache.semantic.embedding.HttpEmbedder});
 * {@link dev.parley.llmcache.semantic.embedding.CachedEmbedder} keeps vectors in Redis. The package does not search.
 */
@NullMarked
package dev.parley.llmcache.semantic.embedding;

import org.jspecify.annotations.NullMarked;
