/**
 * An OpenAI-compatible API in front of a model's own: an agent changes only its base URL. {@link dev.parley.openai.OpenAiRoutes} reads a
 * {@code ProxyRequest}, and {@code Proxy} looks it up in the cache. Other requests go to the {@link dev.parley.openai.Upstream}; a {@code
 * CacheFill} passes the response on as it arrives, and stores it if the cache permits. {@code ChunkAggregator} makes a whole response of
 * chunks, and {@code ChunkSynthesizer} chunks of a whole response.
 */
@NullMarked
package dev.parley.openai;

import org.jspecify.annotations.NullMarked;
