package dev.parley.llmcache;

import dev.parley.llmcache.semantic.Reported;
import org.jspecify.annotations.Nullable;

/**
 * What has become of a report of a wrong answer.
 *
 * @param dropped it was in the question's own entry, which is gone now
 * @param semantic it was another question's; null where it was not, and where no other question's answer is ever given
 */
public record FeedbackResult(boolean dropped, @Nullable Reported semantic) {}
