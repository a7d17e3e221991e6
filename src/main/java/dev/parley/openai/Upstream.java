package dev.parley.openai;

import dev.parley.http.Whole;
import dev.parley.support.RetryPolicy;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelOption;
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
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.channel.AbortedException;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.LoopResources;
import reactor.util.retry.Retry;

/**
 * The model's own API: a bounded pool of connections behind a {@link Breaker}.
 *
 * <p>Thread-safe; everything is cold, and comes on the connection's event loop.
 */
public final class Upstream {

    private static final Logger LOG = LoggerFactory.getLogger(Upstream.class);

    /** What a call fails with that the breaker refuses. */
    static final String UNAVAILABLE = "upstream_unavailable";

    private static final int WAITING_EACH = 10;
    private static final Duration WAIT_FOR_CONNECTION = Duration.ofSeconds(10);

    /** Shorter than what load balancers close idle connections after: one that is just being closed can't be told from a good one. */
    private static final Duration IDLE = Duration.ofSeconds(20);

    private static final RetryPolicy BACKOFF = new RetryPolicy(Duration.ofMillis(250), Duration.ofSeconds(2), 10);

    /** Nobody is made to wait for longer: such an answer is passed on. */
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

    private final UpstreamSettings settings;
    private final ConnectionProvider connections;
    private final HttpClient client;
    private final Breaker breaker = new Breaker();
    private final LongAdder[] answers = {new LongAdder(), new LongAdder(), new LongAdder(), new LongAdder()};
    private final LongAdder unanswered = new LongAdder();
    private final LongAdder millis = new LongAdder();

    public Upstream(UpstreamSettings settings, LoopResources loops) {
        this.settings = settings;
        this.connections = ConnectionProvider.builder("parley-upstream")
                .maxConnections(settings.pool())
                .pendingAcquireMaxCount(settings.pool() * WAITING_EACH)
                .pendingAcquireTimeout(WAIT_FOR_CONNECTION)
                .maxIdleTime(IDLE)
                .build();
        this.client = HttpClient.create(connections)
                .runOn(loops)
                // What has been sent may have been done: only what is retried below is retried.
                .disableRetry(true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        settings.connectTimeout().toMillis())
                .responseTimeout(settings.responseTimeout());
    }

    UpstreamSettings settings() {
        return settings;
    }

    /** The head of an answer that is no error, and its body, which is to be read at once. */
    record Received(int status, HttpHeaders headers, Flux<byte[]> body) {}

    /**
     * Posts JSON. Tries again only as long as {@code then} has not been called.
     *
     * @param then what is made of an answer with a status below 400
     * @return fails with {@link Failed} for any other, and with a {@link ProxyException} when there is no whole answer
     */
    <T> Flux<T> call(String path, HttpHeaders headers, byte[] body, Function<Received, Publisher<T>> then) {
        return Flux.defer(() -> {
            AtomicBoolean begun = new AtomicBoolean();
            return attempt(path, headers, body, received -> {
                        begun.set(true);
                        return then.apply(received);
                    })
                    .retryWhen(Retry.from(signals -> signals.concatMap(signal -> {
                        Duration wait = begun.get() ? null : wait(signal.failure(), signal.totalRetries());
                        return wait == null ? Mono.error(signal.failure()) : Mono.delay(wait);
                    })))
                    .onErrorMap(Upstream::mapped);
        });
    }

    private <T> Flux<T> attempt(String path, HttpHeaders headers, byte[] body, Function<Received, Publisher<T>> then) {
        return Flux.defer(() -> {
            long began = System.nanoTime();
            Breaker.Call call = breaker.begin();
            return client.headers(to -> to.set(headers)
                            .set(HttpHeaderNames.CONTENT_TYPE, "application/json")
                            .set(HttpHeaderNames.CONTENT_LENGTH, body.length))
                    .post()
                    .uri(settings.url() + path)
                    .send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(body)))
                    .response((response, content) -> {
                        int status = response.status().code();
                        call.answered(status);
                        count(status, began);
                        Flux<byte[]> parts = content.asByteArray();
                        return status < 400
                                ? then.apply(new Received(status, response.responseHeaders(), parts))
                                : whole(parts)
                                        .flatMapMany(all -> Flux.error(new Failed(
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
        if (isSilence(error)) {
            call.unanswered(error);
        } else {
            call.left();
        }
    }

    private void count(int status, long began) {
        answers[Math.max(2, Math.min(5, status / 100)) - 2].increment();
        millis.add((System.nanoTime() - began) / 1_000_000);
    }

    /** All of a body; fails with a {@link ProxyException} when that is too much. */
    Mono<byte[]> whole(Flux<byte[]> parts) {
        return Whole.of(
                parts,
                settings.maxBody(),
                () -> new ProxyException(
                        502,
                        "upstream_too_large",
                        "the upstream's answer is too large: more than " + settings.maxBody() + " bytes"));
    }

    /** Before the next try; null: there is none. */
    private @Nullable Duration wait(Throwable error, long retries) {
        if (retries >= settings.retries()) {
            return null;
        }
        if (error instanceof Failed failed && failed.temporary()) {
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

    /** The upstream's, and not for want of a connection of ours. */
    private static boolean isSilence(Throwable error) {
        return error instanceof IOException
                || error instanceof AbortedException
                || error instanceof ReadTimeoutException;
    }

    private static Throwable mapped(Throwable thrown) {
        Throwable error = Exceptions.unwrap(thrown);
        if (error instanceof CallNotPermittedException) {
            return new ProxyException(503, UNAVAILABLE, "the upstream is away: it is tried again in a moment");
        }
        if (error instanceof ReadTimeoutException) {
            return new ProxyException(504, "upstream_timeout", "the upstream has not answered in time");
        }
        if (error instanceof TimeoutException || error instanceof RejectedExecutionException) {
            return new ProxyException(503, "upstream_busy", "too many calls wait for a connection to the upstream");
        }
        if (isUnconnected(error)) {
            return new ProxyException(502, "upstream_unreachable", "the upstream can't be reached");
        }
        if (error instanceof IOException || error instanceof AbortedException) {
            LOG.debug("An upstream's answer was cut off", error);
            return new ProxyException(502, "upstream_cut_off", "the upstream's answer was cut off");
        }
        return error;
    }

    /** Answers with a status of the 200s (2) to 500s (5). */
    public long answers(int hundreds) {
        return answers[hundreds - 2].sum();
    }

    /** Calls without any answer. */
    public long unanswered() {
        return unanswered.sum();
    }

    /** From a call to its answer's head, in total. */
    public long millis() {
        return millis.sum();
    }

    /** Closes all connections. */
    public Mono<Void> close() {
        return connections.disposeLater();
    }
}
