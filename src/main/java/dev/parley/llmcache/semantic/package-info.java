/**
 * Answers to questions that were asked in other words. {@link dev.parley.llmcache.semantic.Semantic} embeds the question, looks for the
 * nearest ones of its {@link dev.parley.llmcache.semantic.Partition} ({@link dev.parley.llmcache.semantic.SemanticIndex}: Redis' vector sets,
 * or the whole partition when the server has none), has the guards compare them with it, and names the exact entry of the best one that
 * passes. What is said of wrong answers tightens the threshold ({@link dev.parley.llmcache.semantic.Quality}).
 */
@NullMarked
package dev.parley.llmcache.semantic;

import org.jspecify.annotations.NullMarked;
