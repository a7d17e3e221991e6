package dev.parley.openai;

import dev.parley.auth.AuthMode;
import dev.parley.http.BodyCollector;
import dev.parley.support.LimitedLog;
import dev.parley.support.MemoryBudget;
import dev.parley.support.RetryPolicy;
import dev.parley.support.Size;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.timeout.ReadTimeoutException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.channel.AbortedException;
import reactor.netty.http.Http11SslContextSpec;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.LoopResources;
import reactor.netty.tcp.SslProvider.GenericSslContextSpec;
import reactor.util.retry.Retry;

/**
 * The model's own API: a bounded pool of connections behind {@link Breakers}, and bounded memory for requests and responses.
 *
 * <p>Thread-safe; everything is cold, and comes on the connection's event loop.
 */
public final class Upstream {

    private static final Logger LOG = LoggerFactory.getLogger(Upstream.class);

    /** Error code of a call that a breaker rejects. */
    static final String UNAVAILABLE = "upstream_unavailable";

    /** Interval at which a fault of the configuration is logged. */
    private static final Duration LOGGED = Duration.ofMinutes(1);

    private static final int WAITING_EACH = 10;
    private static final Duration WAIT_FOR_CONNECTION = Duration.ofSeconds(10);

    /** Shorter than the idle timeout of load balancers, because a connection that is being closed looks like an open one. */
    private static final Duration IDLE = Duration.ofSeconds(20);

    private static final RetryPolicy BACKOFF = new RetryPolicy(Duration.ofMillis(250), Duration.ofSeconds(2), 10);

    /** Longest wait before a retry; otherwise the response is passed on. */
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

    private final UpstreamSettings settings;
    private final String url;
    private final boolean passKeys;
    private final ConnectionProvider connections;
    private final HttpClient client;
    private final MemoryBudget memory;
    private final Breakers breakers = new Breakers();
    private final LimitedLog faults = new LimitedLog(LOG, LOGGED);
    private final LongAdder[] answers = {new LongAdder(), new LongAdder(), new LongAdder(), new LongAdder()};
    private final LongAdder unanswered = new LongAdder();
    private final LongAdder millis = new LongAdder();

    /**
     * @param settings with a URL
     * @param mode a caller's own {@code Authorization} is forwarded only where it can't be the gateway's token
     */
    public Upstream(UpstreamSettings settings, AuthMode mode, LoopResources loops) {
        this.settings = settings;
        this.url = settings.url().orElseThrow().value();
        this.passKeys = mode == AuthMode.NONE;
        this.memory = new MemoryBudget(budget(settings));
        this.connections = ConnectionProvider.builder("parley-upstream")
                .maxConnections(settings.pool())
                .pendingAcquireMaxCount(settings.pool() * WAITING_EACH)
                .pendingAcquireTimeout(WAIT_FOR_CONNECTION)
                .maxIdleTime(IDLE)
                .build();
        HttpClient plain = HttpClient.create(connections);
        // Trust stores are files: they are read here, and not by an event loop at the first call.
        HttpClient bare = url.regionMatches(true, 0, "https:", 0, 6)
                ? plain.secure(spec -> spec.sslContext((GenericSslContextSpec<?>) Http11SslContextSpec.forClient()))
                : plain;
        this.client = bare.runOn(loops)
                // A sent request may have been processed: only what is retried below is retried.
                .disableRetry(true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        settings.connectTimeout().toMillis())
                // A lost network path is noticed before the response timeout.
                .option(ChannelOption.SO_KEEPALIVE, true)
                // The gateway does not request compression, but reads compressed responses.
                .compress(true)
                .responseTimeout(settings.responseTimeout());
    }

    /** Enough for one request of the largest kind, however small the heap is. */
    private static long budget(UpstreamSettings settings) {
        return settings.memory()
                .map(Size::bytes)
                .orElseGet(() -> Math.max(
                        Runtime.getRuntime().maxMemory() / 4,
                        ProxyRequest.HELD * settings.maxBody().bytes()));
    }

    /**
     * The header {@code Authorization} of a call; null for none.
     *
     * @param callers the caller's header
     */
    @Nullable
    String authorization(@Nullable String callers) {
        return settings.key().map(key -> "Bearer " + key.value()).orElseGet(() -> passKeys ? callers : null);
    }

    UpstreamSettings settings() {
        return settings;
    }

    /** The budget of requests and complete responses in this node's memory. */
    MemoryBudget memory() {
        return memory;
    }

    /** The head of a successful response, and its body, which must be read immediately. */
    record Received(int status, HttpHeaders headers, Flux<byte[]> body) {}

    /**
     * Posts a request. Retries only until {@code then} is called, and not for callers that retry themselves.
     *
     * @param then handles a response with a status below 400
     * @return fails with {@link UpstreamErrorResponse} for any other status, and with a {@link ProxyException} when there is no complete
     *     response
     */
    <T> Flux<T> call(ProxyRequest ask, Function<Received, Publisher<T>> then) {
        return Flux.defer(() -> {
            AtomicBoolean begun = new AtomicBoolean();
            int most = ask.callerRetries() ? 0 : settings.retries();
            return attempt(ask, received -> {
                        begun.set(true);
                        return then.apply(received);
                    })
                    .retryWhen(Retry.from(signals -> signals.concatMap(signal -> {
                        Duration wait = begun.get() || signal.totalRetries() >= most
                                ? null
                                : wait(signal.failure(), signal.totalRetries());
                        return wait == null ? Mono.error(signal.failure()) : Mono.delay(wait);
                    })))
                    .onErrorMap(this::mapped);
        });
    }

    private <T> Flux<T> attempt(ProxyRequest ask, Function<Received, Publisher<T>> then) {
        return Flux.defer(() -> {
            long began = System.nanoTime();
            Breaker.Call call = breakers.of(ask.api().path(), ask.model()).begin();
            byte[] body = ask.body();
            return client.headers(to -> to.remove(HttpHeaderNames.ACCEPT_ENCODING)
                            .set(ask.headers())
                            .set(HttpHeaderNames.CONTENT_TYPE, "application/json")
                            .set(HttpHeaderNames.CONTENT_LENGTH, body.length))
                    .post()
                    .uri(url + ask.api().path())
                    .send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(body)))
                    .response((response, content) -> {
                        int status = response.status().code();
                        call.answered(status);
                        count(status, began);
                        Flux<byte[]> parts = content.asByteArray();
                        return status < 400
                                ? then.apply(new Received(status, response.responseHeaders(), parts))
                                : whole(parts, ask.memory())
                                        .flatMapMany(all -> Flux.error(new UpstreamErrorResponse(
                                                status,
                                                response.responseHeaders().copy(),
                                                all)));
                    })
                    .doOnError(e -> failed(call, Exceptions.unwrap(e)))
                    .doOnCancel(call::left);
        });
    }

    private void failed(Breaker.Call call, Throwable error) {
        if (call.isJudged()) {
            return;
        }
        unanswered.increment();
        // An open breaker would hide a permanent fault of the configuration.
        if (isSilence(error) && TlsFault.of(error) == null) {
            call.unanswered(error);
        } else {
            call.left();
        }
    }

    private void count(int status, long began) {
        answers[Math.max(2, Math.min(5, status / 100)) - 2].increment();
        millis.add((System.nanoTime() - began) / 1_000_000);
    }

    /**
     * The whole body; fails with a {@link ProxyException} if it is too large, for one response or for this node's memory.
     *
     * @param memory its budget
     */
    Mono<byte[]> whole(Flux<byte[]> parts, MemoryBudget.Share memory) {
        return BodyCollector.of(
                parts.doOnNext(part -> {
                    if (!memory.take(part.length)) {
                        throw new ProxyException(
                                503,
                                "overloaded",
                                "this node has no memory for another request or response (parley.upstream.memory): try again");
                    }
                }),
                settings.maxBody().intBytes(),
                () -> new ProxyException(
                        502,
                        "upstream_too_large",
                        "the upstream's answer is too large: parley.upstream.max-body is "
                                + settings.maxBody().bytes()
                                + " bytes"));
    }

    /** The wait before the next try; null: there is none. */
    private @Nullable Duration wait(Throwable error, long retries) {
        if (error instanceof UpstreamErrorResponse failed && failed.temporary()) {
            Duration asked = failed.retryAfter();
            Duration own = BACKOFF.delay((int) retries);
            return asked == null || asked.compareTo(own) < 0 ? own : asked.compareTo(LONGEST_WAIT) > 0 ? null : asked;
        }
        return isUnconnected(error) ? BACKOFF.delay((int) retries) : null;
    }

    private static boolean isUnconnected(Throwable error) {
        Throwable cause = Exceptions.unwrap(error);
        return cause instanceof ConnectException || cause instanceof UnknownHostException;
    }

    /** Whether the upstream is silent, not the pool exhausted. */
    private static boolean isSilence(Throwable error) {
        return error instanceof IOException
                || error instanceof AbortedException
                || error instanceof ReadTimeoutException;
    }

    private Throwable mapped(Throwable thrown) {
        Throwable error = Exceptions.unwrap(thrown);
        if (error instanceof CallNotPermittedException) {
            return new ProxyException(
                    503, UNAVAILABLE, "the upstream fails for this model: it is tried again in a moment");
        }
        if (error instanceof ReadTimeoutException) {
            return new ProxyException(
                    504,
                    "upstream_timeout",
                    "the upstream has not answered in time: parley.upstream.response-timeout is "
                            + settings.responseTimeout().toSeconds() + " s");
        }
        if (error instanceof TimeoutException || error instanceof RejectedExecutionException) {
            return new ProxyException(
                    503,
                    "upstream_busy",
                    "too many calls wait for a connection to the upstream: parley.upstream.pool is " + settings.pool());
        }
        if (isUnconnected(error)) {
            return new ProxyException(
                    502, "upstream_unreachable", "the upstream can't be reached: " + unconnected(error));
        }
        String tls = TlsFault.of(error);
        if (tls != null) {
            faults.warn("TLS fails", url, tls);
            return ProxyException.lasting(502, "upstream_tls", tls);
        }
        if (error instanceof SSLHandshakeException) {
            return new ProxyException(
                    502,
                    "upstream_unreachable",
                    "the upstream can't be reached: it closes the connection, or is silent, in the TLS handshake");
        }
        if (error instanceof IOException || error instanceof AbortedException) {
            LOG.debug("An upstream's answer was cut off", error);
            return new ProxyException(502, "upstream_cut_off", "the upstream's answer was cut off");
        }
        return error;
    }

    private String unconnected(Throwable error) {
        if (error instanceof UnknownHostException) {
            return "its host name is not known";
        }
        return error instanceof ConnectTimeoutException
                ? "no connection within parley.upstream.connect-timeout, "
                        + settings.connectTimeout().toMillis() + " ms"
                : "no connection is accepted there";
    }

    /** Number of responses with a status of the 200s (2) to 500s (5). */
    public long answers(int hundreds) {
        return answers[hundreds - 2].sum();
    }

    /** Number of calls without a response. */
    public long unanswered() {
        return unanswered.sum();
    }

    /** Total time from calls to the heads of their responses. */
    public long millis() {
        return millis.sum();
    }

    /** Number of models whose calls are rejected now. */
    public long refusing() {
        return breakers.open();
    }

    /** Bytes of requests and complete responses in memory. */
    public long held() {
        return memory.taken();
    }

    /** Number of requests and responses rejected for lack of memory. */
    public long crowded() {
        return memory.refused();
    }

    /** Closes all connections. */
    public Mono<Void> close() {
        return connections.disposeLater();
    }
}
