/**
 * The cache of model responses. {@link dev.parley.llmcache.LlmCache} is the entry point. It names a {@link dev.parley.llmcache.Question} by
 * a {@link dev.parley.llmcache.CacheKey}, asks {@code Policy} whether the cache may answer it, and looks it up with one script. Of several
 * callers one computes; {@code SingleFlight} makes the others wait. {@code CacheStats} gathers counters and writes them about once a
 * second.
 */
@NullMarked
package dev.parley.llmcache;

import org.jspecify.annotations.NullMarked;
