package dev.parley.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.llmcache.CacheKey;
import dev.parley.llmcache.ComputeFailure;
import dev.parley.llmcache.ComputeLease;
import dev.parley.llmcache.LeaseRenewal;
import dev.parley.llmcache.LlmCache;
import dev.parley.llmcache.ModelReply;
import dev.parley.llmcache.Question;
import dev.parley.llmcache.Reason;
import dev.parley.llmcache.StoreResult;
import dev.parley.llmcache.live.LiveAnswer;
import dev.parley.openai.Upstream.Received;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * One upstream call, whose response goes to its caller, to callers that wait for the same, and to the cache. It continues while any caller
 * wants the response, on this node or on another; when the last one has left, the call is cancelled. Thread-safe.
 */
final class CacheFill implements Disposable {

    private static final Logger LOG = LoggerFactory.getLogger(CacheFill.class);

    /** Renewals per lease, so that a failed one does no harm. */
    private static final int RENEWALS = 3;

    /** Bytes of a stream kept for the cache, whose entries are smaller. */
    private static final int KEPT = 4 << 20;

    /** Parts of a body that are read ahead. */
    private static final int AHEAD = 2;

    private final LlmCache cache;
    private final Upstream upstream;
    private final ProxyRequest ask;
    private final boolean stores;
    private final @Nullable Shared shared;
    private final @Nullable String form;
    private final LiveAnswer answer;
    private final long began = System.nanoTime();
    private final Sinks.One<Head> head = Sinks.one();
    private final Disposable.Swap running = Disposables.swap();
    private final Disposable.Swap renewing = Disposables.swap();
    private final Disposable.Swap asking = Disposables.swap();
    private volatile @Nullable StreamPump pump;
    private volatile @Nullable Throwable error;
    private volatile boolean landed;
    private volatile boolean left;
    private volatile boolean over;

    /** The first part of the result for the caller. */
    sealed interface Head {

        /** @param events fails as the call does */
        record Streamed(int status, HttpHeaders headers, Flux<byte[]> events) implements Head {}

        /** @param refused why it is not stored; null: it is, or was not offered to the cache */
        record Whole(
                int status,
                HttpHeaders headers,
                byte[] body,
                @Nullable Reason refused) implements Head {}
    }

    /** The flight for which others may wait: no other call begins until it has ended. */
    record Shared(CacheKey key, ComputeLease lead) {}

    /** @param shared null: no other caller waits */
    CacheFill(LlmCache cache, Upstream upstream, ProxyRequest ask, boolean stores, @Nullable Shared shared) {
        this.cache = cache;
        this.upstream = upstream;
        this.ask = ask;
        this.stores = stores;
        this.shared = shared;
        this.form = stores ? ask.form() : null;
        this.answer = shared != null && form != null ? cache.show(shared.lead.token(), form) : cache.alone();
    }

    /**
     * Begins the call.
     *
     * @param ended run when it has ended
     */
    void begin(Runnable ended) {
        ask.memory().addOwner();
        if (shared != null) {
            renewing.update(Flux.interval(Duration.ofMillis(Math.max(1, shared.lead.millis() / RENEWALS)))
                    .onBackpressureDrop()
                    .concatMap(tick -> cache.renew(shared.key, shared.lead), 1)
                    .subscribe(this::renewed));
        }
        Mono<Void> call = Mono.usingWhen(
                Mono.just(this),
                flight -> upstream.<Void>call(ask, this::received).then(),
                flight -> close(null),
                (flight, thrown) -> close(Exceptions.unwrap(thrown)),
                flight -> abandon());
        running.update(call.doFinally(signal -> {
                    ask.memory().close();
                    ended.run();
                })
                // The caller receives an error with the head, or with the events.
                .subscribe(unused -> {}, thrown -> {}));
    }

    /** Emits the result for the caller; fails as the call does. */
    Mono<Head> head() {
        return head.asMono();
    }

    /** The caller has disconnected: the call continues only if other callers want it. */
    void leave() {
        left = true;
        consider();
    }

    private void consider() {
        if (!left || over) {
            return;
        }
        if (shared == null) {
            end();
        } else if (isAwaitedHere()) {
            paceless(true);
        } else if (!answer.watched()) {
            asking.update(cache.renew(shared.key, shared.lead).subscribe(this::renewed));
        }
    }

    private void renewed(LeaseRenewal now) {
        boolean awaited = now.awaited() || isAwaitedHere();
        paceless(awaited);
        if (left && !awaited) {
            end();
        }
    }

    private boolean isAwaitedHere() {
        return shared != null && cache.isAwaited(shared.key);
    }

    /** Callers that wait for the whole response have no pace of their own: a slow reader does not delay them. */
    private void paceless(boolean now) {
        StreamPump reading = pump;
        if (reading != null) {
            reading.free(now);
        }
    }

    private void end() {
        if (!over && answer.cutUnlessFollowed()) {
            dispose();
        }
    }

    /** Cancels the call. */
    @Override
    public void dispose() {
        running.dispose();
    }

    private Mono<Void> received(Received received) {
        return Headers.isStream(received.headers()) ? stream(received) : whole(received);
    }

    private Mono<Void> whole(Received received) {
        return upstream.whole(received.body(), ask.memory())
                .flatMap(LargeBodies::handled)
                .flatMap(body -> landed(received, body)
                        .doOnNext(refused -> tell(
                                new Head.Whole(received.status(), received.headers(), body, refused.orElse(null)))))
                .then();
    }

    private Mono<Optional<Reason>> landed(Received received, byte[] body) {
        return isKept(received)
                ? land(Json.readOrNull(body)).mapNotNull(StoreResult::reason).singleOptional()
                : Mono.just(Optional.empty());
    }

    private boolean isKept(Received received) {
        return stores && received.status() == 200 && !Headers.isEncoded(received.headers());
    }

    /** Each event as it arrives; the last one when the response is in the cache. */
    private Mono<Void> stream(Received received) {
        ChunkAggregator chunks =
                new ChunkAggregator(Math.min(KEPT, upstream.settings().maxBody().intBytes()));
        Flux<byte[]> events = events(received, chunks);
        return Mono.<Void>create(sink -> {
                    StreamPump reading = new StreamPump(answer, () -> show(received, chunks), sink);
                    answer.source(reading::pull, this::consider);
                    pump = reading;
                    var unused = sink.onDispose(reading);
                    tell(new Head.Streamed(
                            received.status(),
                            received.headers(),
                            answer.events().onErrorMap(this::cause)));
                    events.subscribe(reading);
                })
                .doOnSuccess(unused -> {
                    over = true;
                    answer.end();
                });
    }

    private Flux<byte[]> events(Received received, ChunkAggregator chunks) {
        if (Headers.isEncoded(received.headers())) {
            return received.body();
        }
        SseFramer cutter = new SseFramer(upstream.settings().maxBody().intBytes());
        boolean keeps = isKept(received);
        return received.body()
                .concatMapIterable(cutter::add, AHEAD)
                .concatMap(event -> keeps ? copied(event, chunks) : Mono.just(event), 1)
                .concatWith(Mono.fromSupplier(cutter::rest).filter(rest -> rest.length > 0));
    }

    private Mono<byte[]> copied(byte[] event, ChunkAggregator chunks) {
        String data = SseFramer.data(event);
        if (data.equals(ChunkAggregator.DONE)) {
            return land(chunks.whole()).thenReturn(event);
        }
        if (!data.isEmpty()) {
            chunks.add(data);
        }
        return Mono.just(event);
    }

    /** Shows the stream from its first words on, so that a caller that has received nothing of a failing one can try itself. */
    private void show(Received received, ChunkAggregator chunks) {
        if (form != null && isKept(received) && chunks.speaks()) {
            answer.show();
        }
    }

    private Throwable cause(Throwable cut) {
        Throwable known = error;
        return known == null ? cut : known;
    }

    private void tell(Head what) {
        // Fails only if the call was cancelled.
        Sinks.EmitResult unused = head.tryEmitValue(what);
    }

    /**
     * Offers a complete response with status 200 to the cache; an incomplete one, or null, ends the flight.
     *
     * @return the outcome; empty if it was not offered. Never fails
     */
    private Mono<StoreResult> land(@Nullable JsonNode response) {
        Question question = ask.question();
        if (question == null) {
            return Mono.empty();
        }
        return Mono.defer(() -> {
                    landed = true;
                    boolean whole = response != null && ask.api().isWhole(ask.request(), response);
                    // Entries in the original Python format have no tags.
                    List<String> tags =
                            ask.tags().isEmpty() || cache.key(question).seed() ? List.of() : ask.tags();
                    ModelReply reply = new ModelReply(
                            response == null ? NullNode.getInstance() : response,
                            200,
                            !whole,
                            null,
                            null,
                            0,
                            Duration.ofNanos(System.nanoTime() - began),
                            tags,
                            null);
                    return cache.put(question, reply, shared == null ? null : shared.lead.token());
                })
                .doOnError(e -> !(e instanceof ParleyException), e -> LOG.warn("A response could not be cached", e))
                .onErrorComplete();
    }

    /** Reports the end to callers that still wait. Never fails. */
    private Mono<Void> close(@Nullable Throwable thrown) {
        return Mono.defer(() -> {
            conclude(thrown);
            return shared == null || landed
                    ? Mono.empty()
                    : cache.fail(shared.key, shared.lead.token(), thrown == null ? null : failure(thrown))
                            .then();
        });
    }

    /** No caller has waited: the next one computes. Never fails. */
    private Mono<Void> abandon() {
        return Mono.defer(() -> {
            conclude(ParleyException.of(ErrorCode.UNAVAILABLE, "the upstream call was cancelled"));
            return shared == null
                    ? Mono.empty()
                    : cache.abandon(shared.key, shared.lead.token()).then();
        });
    }

    private void conclude(@Nullable Throwable thrown) {
        over = true;
        error = thrown;
        renewing.dispose();
        asking.dispose();
        answer.cut();
        if (shared != null && form != null) {
            cache.conceal(shared.lead.token(), form);
        }
        // Has no effect if the caller was answered.
        Sinks.EmitResult unused = thrown == null ? head.tryEmitEmpty() : head.tryEmitError(thrown);
    }

    /** The failure that every caller with the same credentials would receive; null: others may succeed. */
    private @Nullable ComputeFailure failure(Throwable thrown) {
        if (thrown instanceof UpstreamErrorResponse failed
                && failed.isForAll()
                && failed.body().length <= ComputeFailure.LARGEST) {
            return new ComputeFailure(
                    ask.account(),
                    failed.status(),
                    Headers.contentType(failed.headers()),
                    Headers.passed(failed.headers()),
                    failed.body());
        }
        return null;
    }
}
