/**
 * Answers to rephrased questions. {@link dev.parley.llmcache.semantic.Semantic} embeds the question and finds the nearest ones of its
 * {@link dev.parley.llmcache.semantic.Partition} ({@link dev.parley.llmcache.semantic.SemanticIndex}: Redis' vector sets, or the whole
 * partition if the server has none). The guards compare them with it, and the exact entry of the best one that passes is the result.
 * Reports of wrong answers raise the threshold ({@link dev.parley.llmcache.semantic.Quality}).
 */
@NullMarked
package dev.parley.llmcache.semantic;

import org.jspecify.annotations.NullMarked;
