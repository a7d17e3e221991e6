package dev.parley.llmcache.semantic.embedding;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.onnx.AbstractInProcessEmbeddingModel;
import dev.langchain4j.model.embedding.onnx.OnnxBertBiEncoder;
import dev.langchain4j.model.embedding.onnx.PoolingMode;
import dev.langchain4j.model.embedding.onnx.allminilml6v2q.AllMiniLmL6V2QuantizedEmbeddingModel;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Function;

/** The only class that needs the optional jars. */
final class MiniLmModel extends AbstractInProcessEmbeddingModel {

    private static final String CACHE = "DJL_CACHE_DIR";
    private static final String NAME = "all-minilm-l6-v2-q";

    private final OnnxBertBiEncoder encoder;

    private MiniLmModel(OnnxBertBiEncoder encoder) {
        // Texts come one by one, so it needs no threads.
        super(Runnable::run);
        this.encoder = encoder;
    }

    /** Blocks for a second or two. */
    static Function<String, float[]> load(Path cache) {
        if (System.getenv(CACHE) == null && System.getProperty(CACHE) == null) {
            System.setProperty(CACHE, cache.toString());
        }
        EmbeddingModel model = new MiniLmModel(encoder());
        return text -> model.embed(text).content().vector();
    }

    /**
     * As {@link AllMiniLmL6V2QuantizedEmbeddingModel} makes it, but for the threads: that one lets a thread for each core spin, for a while
     * after every text, which for sentences costs more than it brings.
     */
    private static OnnxBertBiEncoder encoder() {
        try (InputStream model = resource(NAME + ".onnx");
                InputStream tokenizer = resource(NAME + "-tokenizer.json");
                OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            OrtEnvironment environment = OrtEnvironment.getEnvironment();
            return new OnnxBertBiEncoder(
                    environment, environment.createSession(model.readAllBytes(), options), tokenizer, PoolingMode.MEAN);
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static InputStream resource(String name) {
        return Objects.requireNonNull(
                AllMiniLmL6V2QuantizedEmbeddingModel.class.getResourceAsStream("/" + name),
                () -> name + " is not in the embedder's jar");
    }

    @Override
    protected OnnxBertBiEncoder model() {
        return encoder;
    }

    @Override
    protected Integer knownDimension() {
        return MiniLm.DIMENSIONS;
    }
}
