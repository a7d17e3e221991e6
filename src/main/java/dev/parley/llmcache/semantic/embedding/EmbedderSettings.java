package dev.parley.llmcache.semantic.embedding;

import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import dev.parley.support.Secret;
import io.smallrye.config.WithDefault;
import java.util.Optional;

/** The part of {@code parley.cache.semantic} that says what turns a question into a vector. */
public interface EmbedderSettings {

    @Doc(
            "embedder that says how near two questions are: `none`, `minilm`, a small model in this process ([its jars](SEMANTIC.md)), or"
                    + " `http`, a service with OpenAI's API")
    @WithDefault("none")
    Embedding embedder();

    /** Present for {@link Embedding#HTTP} only. */
    @Doc("URL of the embedder `http`, up to and without `/embeddings`; required for that embedder")
    Optional<String> url();

    @Doc("model that the embedder `http` is asked for")
    @WithDefault("text-embedding-3-small")
    String model();

    @Doc("bearer token for the embedder `http`; never shown")
    Optional<Secret> key();

    @Doc("length of the vectors of the embedder `http`; others are refused")
    @WithDefault("1536")
    @Bounds(least = "1", most = "65536")
    int dimensions();
}
