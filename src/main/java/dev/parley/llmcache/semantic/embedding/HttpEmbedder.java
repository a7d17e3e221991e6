package dev.parley.llmcache.semantic.embedding;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/**
 * Uses a server with OpenAI's API. While the maximum number of requests is in flight, texts wait, and form the next one ({@link
 * EmbeddingsApi}), without those whose callers have left. Vectors come on Reactor's parallel scheduler. {@link #dispose} cancels requests
 * in flight.
 */
public final class HttpEmbedder implements Embedder, Disposable {

    private final EmbedderSettings settings;
    private final EmbedderLimits limits;
    private final EmbeddingsApi api;
    private final Disposable.Composite underWay = Disposables.composite();
    private final Queue<Waiting> waiting = new ArrayDeque<>();
    private int requests;

    /** @param settings with a URL */
    public HttpEmbedder(EmbedderSettings settings) {
        this(settings, EmbedderLimits.DEFAULT);
    }

    HttpEmbedder(EmbedderSettings settings, EmbedderLimits limits) {
        this.settings = settings;
        this.limits = limits;
        this.api = new EmbeddingsApi(settings, limits.timeout());
    }

    @Override
    public String id() {
        return settings.model();
    }

    @Override
    public int dimensions() {
        return settings.dimensions();
    }

    @Override
    public Mono<float[]> embed(String text) {
        return Mono.create(sink -> take(text, sink));
    }

    /** Requests that the server has not answered properly; what is refused while it is left alone is none. */
    public long failures() {
        return api.failures();
    }

    private void take(String text, MonoSink<float[]> sink) {
        if (underWay.isDisposed()) {
            sink.error(ParleyException.of(ErrorCode.UNAVAILABLE, "the embedder is closed"));
        } else if (line(new Waiting(text, sink))) {
            send();
        } else {
            sink.error(ParleyException.of(
                    ErrorCode.OVERLOADED, limits.waiting() + " texts wait to be embedded already: try again later"));
        }
    }

    private boolean line(Waiting one) {
        synchronized (waiting) {
            if (waiting.size() >= limits.waiting()) {
                waiting.removeIf(Waiting::gone);
            }
            return waiting.size() < limits.waiting() && waiting.add(one);
        }
    }

    private void send() {
        List<Waiting> batch = next();
        if (!batch.isEmpty()) {
            Disposable.Swap request = Disposables.swap();
            boolean open = underWay.add(request);
            request.update(api.embed(batch.stream().map(Waiting::text).toList())
                    .doFinally(end -> ended(request))
                    .subscribe(
                            vectors -> {
                                for (int i = 0; i < batch.size(); i++) {
                                    batch.get(i).done(vectors.get(i));
                                }
                            },
                            e -> batch.forEach(each -> each.failed(e))));
            if (!open) {
                request.dispose();
            }
        }
    }

    /** What goes together now; empty when nothing waits, or too many requests are under way. */
    private List<Waiting> next() {
        synchronized (waiting) {
            List<Waiting> batch = new ArrayList<>();
            if (requests < limits.requests()) {
                Waiting one;
                while (batch.size() < limits.batch() && (one = waiting.poll()) != null) {
                    if (!one.gone()) {
                        batch.add(one);
                    }
                }
                requests += batch.isEmpty() ? 0 : 1;
            }
            return batch;
        }
    }

    private void ended(Disposable request) {
        boolean unused = underWay.remove(request);
        synchronized (waiting) {
            requests--;
        }
        send();
    }

    /** Fails whoever waits. */
    @Override
    public void dispose() {
        underWay.dispose();
        List<Waiting> left;
        synchronized (waiting) {
            left = List.copyOf(waiting);
            waiting.clear();
        }
        left.forEach(each -> each.failed(ParleyException.of(ErrorCode.UNAVAILABLE, "the embedder is closed")));
    }

    @Override
    public boolean isDisposed() {
        return underWay.isDisposed();
    }
}
