package dev.parley.llmcache.semantic.embedding;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.http.BodyCollector;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.core.IntervalFunction;
import io.github.resilience4j.reactor.circuitbreaker.operator.CircuitBreakerOperator;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.ByteBufFlux;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClientResponse;

/**
 * {@code POST /embeddings} of one server, behind a circuit breaker: it opens when half of the last requests had no proper answer, and then
 * calls fail immediately, for a time that is jittered and grows to 30 s. Fails with a {@link ParleyException} {@code unavailable}, or
 * {@code bad_request} when the server rejects the texts themselves.
 */
final class EmbeddingsApi {

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddingsApi.class);

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private static final int WINDOW = 16;
    private static final int FEWEST = 4;
    private static final Duration SHORTEST_WAIT = Duration.ofMillis(500);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);
    /** A number as text, with what stands around it. */
    private static final int BYTES_PER_NUMBER = 32;

    private static final int BYTES_BESIDE = 64 * 1024;

    private final EmbedderSettings settings;
    private final Duration timeout;
    private final URI uri;
    private final HttpClient client;
    private final CircuitBreaker breaker = CircuitBreaker.of(
            "embedder",
            CircuitBreakerConfig.custom()
                    .slidingWindow(WINDOW, FEWEST, SlidingWindowType.COUNT_BASED)
                    .failureRateThreshold(50)
                    .recordException(e -> !ParleyException.is(e, ErrorCode.BAD_REQUEST))
                    .permittedNumberOfCallsInHalfOpenState(1)
                    .waitIntervalFunctionInOpenState(
                            IntervalFunction.ofExponentialRandomBackoff(SHORTEST_WAIT, 2, 0.5, LONGEST_WAIT))
                    .writableStackTraceEnabled(false)
                    .build());

    private final LongAdder failures = new LongAdder();
    private volatile String lastFailure = "none";

    EmbeddingsApi(EmbedderSettings settings, Duration timeout) {
        this.settings = settings;
        this.timeout = timeout;
        this.uri = URI.create(settings.url().orElseThrow() + "/embeddings");
        breaker.getEventPublisher()
                .onError(failed -> {
                    failures.increment();
                    lastFailure = Objects.toString(failed.getThrowable().getMessage());
                })
                .onStateTransition(change -> LOG.warn(
                        "The embedder's breaker is {}; the last failure was: {}",
                        change.getStateTransition().getToState(),
                        lastFailure));
        this.client = HttpClient.create().headers(headers -> {
            headers.set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.APPLICATION_JSON);
            settings.key().ifPresent(key -> headers.set(HttpHeaderNames.AUTHORIZATION, "Bearer " + key.value()));
        });
    }

    /** A vector of length 1 for each text, in their order. Cold; comes on Reactor's parallel scheduler. */
    Mono<List<float[]>> embed(List<String> texts) {
        return client.post()
                .uri(uri)
                .send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(request(texts))))
                .response((response, body) -> read(response, body, texts.size()))
                .single()
                .timeout(timeout)
                .publishOn(Schedulers.parallel())
                .map(body -> vectors(body, texts.size()))
                .onErrorMap(this::refusal)
                .transformDeferred(CircuitBreakerOperator.of(breaker))
                .onErrorMap(CallNotPermittedException.class, e -> unavailable("its circuit breaker is open"));
    }

    /** Requests without a proper answer. */
    long failures() {
        return failures.sum();
    }

    private byte[] request(List<String> texts) {
        ObjectNode request = JSON.createObjectNode().put("model", settings.model());
        request.put("encoding_format", "float");
        texts.forEach(request.putArray("input")::add);
        try {
            return JSON.writeValueAsBytes(request);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree can be written", e);
        }
    }

    private Mono<byte[]> read(HttpClientResponse response, ByteBufFlux body, int texts) {
        int code = response.status().code();
        if (code != 200) {
            // Read to its end, so that the connection can be used again.
            return body.then(Mono.error(() -> code == 400 || code == 413
                    ? ParleyException.badRequest("the embedder rejects this text with status " + code)
                    : unavailable("it answered with status " + code)));
        }
        int most = BYTES_BESIDE + texts * settings.dimensions() * BYTES_PER_NUMBER;
        return BodyCollector.of(
                body.asByteArray(), most, () -> unavailable("its answer has more than " + most + " bytes"));
    }

    private List<float[]> vectors(byte[] body, int texts) {
        try {
            float[][] vectors = new float[texts][];
            for (JsonNode each : JSON.readTree(body).path("data")) {
                int index = each.path("index").asInt(-1);
                if (index >= 0 && index < texts) {
                    vectors[index] = Vectors.unit(vector(each.path("embedding")));
                }
            }
            if (Arrays.asList(vectors).contains(null)) {
                throw unavailable("its answer lacks texts");
            }
            return List.of(vectors);
        } catch (IOException | IllegalArgumentException e) {
            throw unavailable("its answer can't be read: " + e.getMessage());
        }
    }

    private float[] vector(JsonNode numbers) {
        if (numbers.size() != settings.dimensions()) {
            throw unavailable("its vectors have " + numbers.size() + " dimensions, not " + settings.dimensions());
        }
        float[] vector = new float[numbers.size()];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = (float) numbers.get(i).asDouble(Double.NaN);
        }
        return vector;
    }

    private Throwable refusal(Throwable e) {
        return e instanceof ParleyException
                ? e
                : unavailable(
                        e instanceof TimeoutException
                                ? "no answer within " + timeout.toMillis() + " ms"
                                : e.toString());
    }

    private static ParleyException unavailable(String message) {
        return ParleyException.of(ErrorCode.UNAVAILABLE, "the embedder can't be used: " + message);
    }
}
