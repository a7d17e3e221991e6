package dev.parley.llmcache.semantic.embedding;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.config.TestSettings;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.support.Await;
import dev.parley.support.LogWatch;
import dev.parley.support.Patience;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.test.StepVerifier;

/** Against a server on a real socket. */
class HttpEmbedderIT {

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Duration TIMEOUT = Duration.ofMillis(500);

    private final Queue<Integer> batches = new ConcurrentLinkedQueue<>();
    private final Sinks.Empty<Void> held = Sinks.empty();
    private volatile int status = 200;
    private volatile boolean holds;
    private volatile @Nullable String answer;
    private volatile @Nullable String key;

    private final DisposableServer server = HttpServer.create()
            .host("127.0.0.1")
            .port(0)
            .route(routes -> routes.post("/v1/embeddings", this::serve))
            .bindNow();
    private final HttpEmbedder embedder = new HttpEmbedder(
            TestSettings.of(
                    EmbedderSettings.class,
                    "url",
                    "http://127.0.0.1:" + server.port() + "/v1",
                    "model",
                    "m",
                    "key",
                    "secret",
                    "dimensions",
                    "2"),
            new EmbedderLimits(TIMEOUT, 16, 1, 64));

    @AfterEach
    void close() {
        embedder.dispose();
        server.disposeNow();
    }

    private Mono<Void> serve(HttpServerRequest request, HttpServerResponse response) {
        key = request.requestHeaders().get("Authorization");
        return request.receive().aggregate().asByteArray().flatMap(body -> {
            Mono<Void> sent = response.status(status)
                    .header("Content-Type", "application/json")
                    .sendByteArray(Mono.fromCallable(() -> answer(JSON.readTree(body))))
                    .then();
            return holds ? held.asMono().then(sent) : sent;
        });
    }

    /** The vectors last to first, as their indices say. */
    private byte[] answer(JsonNode request) throws Exception {
        JsonNode input = request.get("input");
        batches.add(input.size());
        String fixed = answer;
        if (fixed != null) {
            return fixed.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        }
        ObjectNode reply = JSON.createObjectNode();
        ArrayNode data = reply.putArray("data");
        for (int i = input.size() - 1; i >= 0; i--) {
            int number = Integer.parseInt(input.get(i).asText());
            data.addObject().put("index", i).putArray("embedding").add(1).add(number);
        }
        return JSON.writeValueAsBytes(reply);
    }

    private Mono<Double> number(int i) {
        return embedder.embed(Integer.toString(i)).map(vector -> (double) vector[1] / vector[0]);
    }

    private void fails(ErrorCode code, String message) {
        StepVerifier.create(embedder.embed("1"))
                .expectErrorSatisfies(e -> {
                    assertThat(ParleyException.is(e, code)).describedAs("%s", e).isTrue();
                    assertThat(e).hasMessageContaining(message);
                })
                .verify(Patience.ofSeconds(10));
    }

    @Test
    void everyoneGetsTheVectorOfItsTextAndWhatWaitsGoesTogether() {
        List<Double> numbers = Objects.requireNonNull(Flux.range(0, 50)
                .flatMapSequential(this::number, 50)
                .collectList()
                .block(Patience.ofSeconds(10)));
        for (int i = 0; i < 50; i++) {
            assertThat(numbers.get(i)).isBetween(i - 0.01, i + 0.01);
        }
        assertThat(batches)
                .hasSizeBetween(4, 6)
                .allSatisfy(size -> assertThat(size).isLessThanOrEqualTo(16));
        assertThat(batches.stream().mapToInt(size -> size).sum()).isEqualTo(50);
        assertThat(key).isEqualTo("Bearer secret");
    }

    @Test
    void whoeverHasGoneIsLeftOutAndTooManyAreRefused() {
        holds = true;
        Mono<List<Double>> many = Flux.range(0, 60)
                .flatMap(this::number, 60)
                .take(Duration.ofMillis(50))
                .collectList();
        assertThat(many.block(Patience.ofSeconds(10))).isEmpty();
        // The request under way is given 500 ms, those that waited for it have gone.
        holds = false;
        assertThat(number(7).retry(1).block(Patience.ofSeconds(10))).isBetween(6.9, 7.1);
        assertThat(batches).allSatisfy(size -> assertThat(size).isLessThanOrEqualTo(16));
        assertThat(batches).hasSizeLessThanOrEqualTo(3);
        holds = true;
        StepVerifier.create(Flux.range(0, 200).flatMap(this::number, 200).then())
                .expectErrorMatches(e -> ParleyException.is(e, ErrorCode.OVERLOADED))
                .verify(Patience.ofSeconds(10));
    }

    @Test
    void aServerThatFailsIsLeftAlone() {
        try (LogWatch log = LogWatch.open()) {
            status = 500;
            for (int i = 0; i < 4; i++) {
                fails(ErrorCode.UNAVAILABLE, "it answered with status 500");
            }
            int before = batches.size();
            for (int i = 0; i < 3; i++) {
                fails(ErrorCode.UNAVAILABLE, "circuit breaker is open");
            }
            assertThat(batches).hasSize(before);
            assertThat(embedder.failures()).isEqualTo(4);
            assertThat(log.lines())
                    .filteredOn(line -> line.contains("breaker"))
                    .singleElement()
                    .asString()
                    .contains("WARN", "OPEN", "it answered with status 500");
            status = 200;
            Await.until(
                    "it is asked again",
                    () -> number(3).onErrorComplete().blockOptional().isPresent());
            assertThat(embedder.failures()).isEqualTo(4);
            assertThat(log.lines()).anySatisfy(line -> assertThat(line).contains("breaker is CLOSED"));
        }
    }

    @Test
    void aTextThatIsNotTakenSaysNothingOfTheServer() {
        status = 400;
        for (int i = 0; i < 10; i++) {
            fails(ErrorCode.BAD_REQUEST, "400");
        }
        assertThat(embedder.failures()).isZero();
        status = 200;
        assertThat(number(3).block(Patience.ofSeconds(10))).isNotNull();
    }

    @Test
    void whatIsNoAnswerIsRefused() {
        answer = "{\"data\":[]}";
        fails(ErrorCode.UNAVAILABLE, "lacks texts");
        answer = "<html>";
        fails(ErrorCode.UNAVAILABLE, "can't be read");
        answer = "{\"data\":[{\"index\":0,\"embedding\":[1,2,3]}]}";
        fails(ErrorCode.UNAVAILABLE, "3 dimensions");
    }

    @Test
    void anAnswerThatDoesNotEndIsCutOff() {
        answer = "x".repeat(200_000);
        fails(ErrorCode.UNAVAILABLE, "more than");
    }

    @Test
    void aServerThatIsSilentTakesNoLongerThanTheTimeout() {
        holds = true;
        fails(ErrorCode.UNAVAILABLE, "no answer within 500 ms");
    }
}
