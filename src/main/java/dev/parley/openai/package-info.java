/**
 * A proxy with OpenAI's API: an agent changes only its base URL. {@link dev.parley.openai.OpenAiRoutes} answers from the cache, or asks
 * the {@link dev.parley.openai.Upstream}, passes its answer on as it comes, and offers it to the cache. The package does not decide what
 * is cached.
 */
@NullMarked
package dev.parley.openai;

import org.jspecify.annotations.NullMarked;
