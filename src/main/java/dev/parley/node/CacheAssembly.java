package dev.parley.node;

import dev.parley.config.GatewayConfig;
import dev.parley.inbox.AnswerRecorder;
import dev.parley.llmcache.LlmCache;
import dev.parley.openai.Upstream;
import dev.parley.support.NamedValues;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

/** Assembles the cache of model responses, and the proxy in front of the models. */
final class CacheAssembly {

    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(1);

    private final SemanticCache semantic;
    private final LlmCache cache;
    private final InlineCache inline;
    private final AnswerRecorder recorder;
    private final @Nullable Upstream upstream;

    /** @param lifecycle closes the connections to the upstream */
    CacheAssembly(GatewayConfig config, RedisAssembly redis, LoopResources loops, Lifecycle lifecycle) {
        semantic = SemanticCache.of(config, redis.redis(), redis.keys());
        cache = new LlmCache(
                redis.redis(),
                redis.keys(),
                config.cache(),
                PersonalDataDetectors.of(
                        CacheAssembly.class.getClassLoader(), config.cache().telephoneRegions()),
                semantic.semantic(),
                semantic.categories());
        inline = new InlineCache(
                cache, NamedValues.of(config.cache().agents().orElseGet(List::of), category -> category));
        recorder = new AnswerRecorder(redis.redis(), redis.keys(), config.auth().defaultTenant(), inline);
        upstream = config.upstream().url().isPresent()
                ? new Upstream(config.upstream(), config.auth().mode(), loops)
                : null;
        if (upstream != null) {
            lifecycle.start("the upstream's connections", () -> {}, upstream::close, CLOSE_LIMIT);
        }
    }

    void start(Lifecycle lifecycle, RedisAssembly redis) {
        lifecycle.start("the recorder of answers", this::recording, CLOSE_LIMIT);
        lifecycle.start(
                "the LLM cache",
                () -> cache.open(redis.channels()),
                () -> cache.flush().then(Mono.fromRunnable(cache::dispose)),
                CLOSE_LIMIT);
    }

    private Disposable recording() {
        return Disposables.composite(recorder, semantic.disposable());
    }

    SemanticCache semantic() {
        return semantic;
    }

    LlmCache cache() {
        return cache;
    }

    /** Answers people's messages from the cache. */
    InlineCache inline() {
        return inline;
    }

    AnswerRecorder recorder() {
        return recorder;
    }

    /** Null if none is configured. */
    @Nullable
    Upstream upstream() {
        return upstream;
    }
}
