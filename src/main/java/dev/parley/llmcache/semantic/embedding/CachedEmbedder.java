package dev.parley.llmcache.semantic.embedding;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.support.Sha256;
import io.lettuce.core.SetArgs;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Caches vectors in Redis for {@link #KEPT}, by the embedder's id and the text's hash, for all nodes. While Redis is unavailable it asks
 * the embedder.
 */
public final class CachedEmbedder implements Embedder {

    /** Counted from when it was made. */
    public static final Duration KEPT = Duration.ofDays(7);

    private static final Logger LOG = LoggerFactory.getLogger(CachedEmbedder.class);
    private static final SetArgs EXPIRES = SetArgs.Builder.ex(KEPT);

    private final Embedder embedder;
    private final Redis redis;
    private final Keys keys;

    public CachedEmbedder(Embedder embedder, Redis redis, Keys keys) {
        this.embedder = embedder;
        this.redis = redis;
        this.keys = keys;
    }

    @Override
    public String id() {
        return embedder.id();
    }

    @Override
    public int dimensions() {
        return embedder.dimensions();
    }

    @Override
    public Mono<float[]> embed(String text) {
        return Mono.defer(() -> {
            String key = keys.embedding(digest(text));
            return redis.callOne(key, commands -> commands.get(key))
                    .filter(bytes -> bytes.length == dimensions() * Float.BYTES)
                    .map(Vectors::fromBytes)
                    .onErrorResume(CachedEmbedder::isAway, e -> Mono.empty())
                    .switchIfEmpty(Mono.defer(() -> embedder.embed(text).flatMap(vector -> keep(key, vector))));
        });
    }

    private Mono<float[]> keep(String key, float[] vector) {
        return redis.callOne(key, commands -> commands.set(key, Vectors.toBytes(vector), EXPIRES))
                .doOnError(e -> LOG.debug("a vector could not be stored: {}", e.getMessage()))
                .onErrorComplete()
                .thenReturn(vector);
    }

    private static boolean isAway(Throwable e) {
        return ParleyException.is(e, ErrorCode.UNAVAILABLE);
    }

    private String digest(String text) {
        return Sha256.hex(id() + '\0' + text);
    }
}
