/**
 * Per-tenant cache of model responses. {@link dev.parley.llmcache.LlmCache} answers a {@link dev.parley.llmcache.Question} from the entry
 * under its {@link dev.parley.llmcache.CacheKey}, or lets one caller compute while others wait. It says whether a question may be cached,
 * and why not ({@link dev.parley.llmcache.Reason}). The package does not call models.
 */
@NullMarked
package dev.parley.llmcache;

import org.jspecify.annotations.NullMarked;
