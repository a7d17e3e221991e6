/**
 * Answers of language models that need not be computed twice. {@link dev.parley.llmcache.LlmCache} is the way in: it names a {@link
 * dev.parley.llmcache.Question} by a {@link dev.parley.llmcache.CacheKey}, asks {@code Policy} whether it may be answered from the cache,
 * and looks it up with one script. Of many who ask for the same one computes; {@code SingleFlight} lets the others wait. What is counted
 * is gathered in {@code Tally} and written about once a second.
 */
@NullMarked
package dev.parley.llmcache;

import org.jspecify.annotations.NullMarked;
