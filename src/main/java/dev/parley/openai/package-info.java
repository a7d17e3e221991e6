/**
 * An API such as OpenAI's in front of a model's own: an agent changes only its base URL. {@link dev.parley.openai.OpenAiRoutes} reads an
 * {@code Ask}, {@code Proxy} looks it up in the cache, and what is not there is asked of the {@link dev.parley.openai.Upstream}, passed on
 * as it comes, and kept if the cache takes it. Where one caller wants a stream and the other does not, {@code Chunks} makes a whole answer
 * of chunks, and {@code Replay} chunks of a whole answer.
 */
@NullMarked
package dev.parley.openai;

import org.jspecify.annotations.NullMarked;
