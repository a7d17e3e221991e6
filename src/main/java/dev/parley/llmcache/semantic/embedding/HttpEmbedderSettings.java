package dev.parley.llmcache.semantic.embedding;

import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Where an embedder with OpenAI's API is.
 *
 * @param url up to and without {@code /embeddings}, such as {@code https://api.openai.com/v1}
 * @param model as it is asked for
 * @param key sent as a bearer token; null: none
 * @param dimensions the length of the model's vectors; others are refused
 * @param timeout of a request, connecting included
 * @param batch texts in a request, at most
 * @param requests at once, at most
 * @param waiting texts that wait for one, at most; more are refused
 */
public record HttpEmbedderSettings(
        URI url,
        String model,
        @Nullable String key,
        int dimensions,
        Duration timeout,
        int batch,
        int requests,
        int waiting) {

    /** The key stays out of logs. */
    @Override
    public String toString() {
        return model + " at " + url;
    }
}
