package dev.parley.llmcache.semantic.embedding;

import reactor.core.publisher.MonoSink;

/** A text, and who waits for its vector: until {@link #gone}. */
final class Waiting {

    private final String text;
    private final MonoSink<float[]> sink;
    private volatile boolean gone;

    Waiting(String text, MonoSink<float[]> sink) {
        this.text = text;
        this.sink = sink.onDispose(() -> gone = true);
    }

    String text() {
        return text;
    }

    boolean gone() {
        return gone;
    }

    void done(float[] vector) {
        sink.success(vector);
    }

    void failed(Throwable e) {
        sink.error(e);
    }
}
