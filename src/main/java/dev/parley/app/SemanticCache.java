package dev.parley.app;

import dev.parley.llmcache.Category;
import dev.parley.llmcache.semantic.Found;
import dev.parley.llmcache.semantic.Semantic;
import dev.parley.llmcache.semantic.SemanticSettings;
import dev.parley.llmcache.semantic.embedding.Embedder;
import dev.parley.llmcache.semantic.embedding.HttpEmbedder;
import dev.parley.llmcache.semantic.embedding.HttpEmbedderSettings;
import dev.parley.llmcache.semantic.embedding.MiniLm;
import dev.parley.metrics.Metric;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;

/**
 * What finds the same question in other words, and the embedder that it owns.
 *
 * @param service the embedder, where that is one elsewhere
 */
record SemanticCache(
        @Nullable Semantic semantic,
        Set<Category> categories,
        @Nullable HttpEmbedder service,
        Disposable disposable) {

    /** One that finds nothing. */
    private static final SemanticCache NONE = new SemanticCache(null, Set.of(), null, Disposables.disposed());

    private static final int EMBEDDING_THREADS = 1;
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final int BATCH = 64;
    private static final int REQUESTS = 8;
    private static final int WAITING = 10_000;

    static SemanticCache of(GatewayConfig config, Redis redis, Keys keys) {
        GatewayConfig.Semantic semantic = config.cache().semantic();
        return switch (semantic.embedder()) {
            case NONE -> NONE;
            case MINILM -> {
                MiniLm embedder = new MiniLm(
                        EMBEDDING_THREADS, Path.of(config.data().directory()).resolve("minilm"));
                yield of(semantic, redis, keys, embedder, null, embedder);
            }
            case HTTP -> {
                HttpEmbedder embedder = new HttpEmbedder(new HttpEmbedderSettings(
                        URI.create(semantic.url().orElseThrow()),
                        semantic.model(),
                        semantic.key().map(Secret::value).orElse(null),
                        semantic.dimensions(),
                        TIMEOUT,
                        BATCH,
                        REQUESTS,
                        WAITING));
                yield of(semantic, redis, keys, embedder, embedder, embedder);
            }
        };
    }

    private static SemanticCache of(
            GatewayConfig.Semantic config,
            Redis redis,
            Keys keys,
            Embedder embedder,
            @Nullable HttpEmbedder service,
            Disposable owned) {
        SemanticSettings usual = SemanticSettings.DEFAULT;
        Semantic semantic = new Semantic(
                redis,
                keys,
                embedder,
                new SemanticSettings(
                        config.threshold(),
                        GatewaySettings.pairs(config.thresholds().orElseGet(List::of), Double::valueOf),
                        usual.words(),
                        usual.longest(),
                        config.patience(),
                        usual.vectors(),
                        usual.bounded(),
                        usual.copyBytes(),
                        config.errorBound(),
                        usual.fewest(),
                        usual.window()));
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
