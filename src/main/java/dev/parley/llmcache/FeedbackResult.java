package dev.parley.llmcache;

import dev.parley.llmcache.semantic.Reported;
import org.jspecify.annotations.Nullable;

/**
 * The outcome of a report of a wrong answer.
 *
 * @param dropped whether the question's own entry was wrong, and was dropped
 * @param semantic the report on another question's entry; null if it was the question's own, or if the semantic cache does not apply
 */
public record FeedbackResult(boolean dropped, @Nullable Reported semantic) {}
