/**
 * Answers to questions that were asked in other words. {@link dev.parley.llmcache.semantic.Semantic} looks for the nearest questions of a
 * {@link dev.parley.llmcache.semantic.Partition}, has the guards compare them, and names the best
 * {@link dev.parley.llmcache.semantic.Candidate} that passes. Reports of wrong answers tighten its threshold. The package finds entries;
 * it does not keep answers.
 */
@NullMarked
package dev.parley.llmcache.semantic;

import org.jspecify.annotations.NullMarked;
