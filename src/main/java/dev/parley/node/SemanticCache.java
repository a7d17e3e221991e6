package dev.parley.node;

import dev.parley.config.GatewayConfig;
import dev.parley.llmcache.Category;
import dev.parley.llmcache.semantic.Found;
import dev.parley.llmcache.semantic.Semantic;
import dev.parley.llmcache.semantic.SemanticSettings;
import dev.parley.llmcache.semantic.embedding.Embedder;
import dev.parley.llmcache.semantic.embedding.HttpEmbedder;
import dev.parley.llmcache.semantic.embedding.MiniLm;
import dev.parley.metrics.Metric;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;

/**
 * The semantic cache, and its embedder.
 *
 * @param service the embedder, if it is an external service
 */
record SemanticCache(
        @Nullable Semantic semantic,
        Set<Category> categories,
        @Nullable HttpEmbedder service,
        Disposable disposable) {

    /** A disabled semantic cache. */
    private static final SemanticCache NONE = new SemanticCache(null, Set.of(), null, Disposables.disposed());

    private static final int EMBEDDING_THREADS = 1;

    static SemanticCache of(GatewayConfig config, Redis redis, Keys keys) {
        SemanticSettings semantic = config.cache().semantic();
        return switch (semantic.embedder()) {
            case NONE -> NONE;
            case MINILM -> {
                MiniLm embedder = new MiniLm(
                        EMBEDDING_THREADS, Path.of(config.data().directory()).resolve("minilm"));
                yield of(semantic, redis, keys, embedder, null, embedder);
            }
            case HTTP -> {
                HttpEmbedder embedder = new HttpEmbedder(semantic);
                yield of(semantic, redis, keys, embedder, embedder, embedder);
            }
        };
    }

    private static SemanticCache of(
            SemanticSettings config,
            Redis redis,
            Keys keys,
            Embedder embedder,
            @Nullable HttpEmbedder service,
            Disposable owned) {
        Semantic semantic = new Semantic(redis, keys, embedder, config);
        return new SemanticCache(
                semantic,
                config.categories().stream().map(Category::of).collect(Collectors.toUnmodifiableSet()),
                service,
                Disposables.composite(semantic, owned));
    }

    void measure(MeterRegistry registry) {
        if (semantic != null) {
            for (Found.Reason outcome : Found.Reason.values()) {
                Metric.CACHE_SEMANTIC.register(
                        registry, semantic, one -> one.outcomes(outcome), "outcome", outcome.label());
            }
        }
        if (service != null) {
            Metric.CACHE_EMBEDDER_FAILURES.register(registry, service, HttpEmbedder::failures);
        }
    }
}
