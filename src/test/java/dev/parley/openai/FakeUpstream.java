package dev.parley.openai;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.support.TestCertificate;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.netty.DisposableChannel;
import reactor.netty.DisposableServer;
import reactor.netty.http.Http11SslContextSpec;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.tcp.SslProvider.GenericSslContextSpec;

/** A model's API that does what the model's name says, and counts calls by the last thing that was said. */
public final class FakeUpstream implements AutoCloseable {

    public static final String ANSWER =
            "Nine to five, from Monday to Friday; on Saturdays the shop opens at ten. 🙂 Grüße";

    /** What held answers begin with. */
    static final String FIRST = "Nine ";

    /** Until {@code m-late-400} answers. */
    static final Duration LATE = Duration.ofSeconds(2);

    private static final String CALL =
            "{\"tool_calls\":[{\"index\":0,\"id\":\"c-1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}";

    private final Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();
    private final Map<String, Sinks.Many<Integer>> gates = new ConcurrentHashMap<>();
    private final AtomicInteger all = new AtomicInteger();
    private final AtomicInteger left = new AtomicInteger();
    private final AtomicLong flooded = new AtomicLong();
    private final String origin;
    private final DisposableServer server;
    private volatile @Nullable String authorization;
    private volatile boolean well;

    FakeUpstream() {
        this(0);
    }

    /** @param port 0 for any */
    FakeUpstream(int port) {
        this(HttpServer.create().port(port), "http://127.0.0.1");
    }

    /** Speaks TLS only, and is {@code localhost} by its certificate. */
    public FakeUpstream(TestCertificate certificate) {
        this(HttpServer.create().secure(spec -> spec.sslContext(tls(certificate))), "https://localhost");
    }

    private static GenericSslContextSpec<SslContextBuilder> tls(TestCertificate certificate) {
        return Http11SslContextSpec.forServer(
                certificate.cert().toFile(), certificate.key().toFile());
    }

    private FakeUpstream(HttpServer any, String origin) {
        this.origin = origin;
        this.server = any.host("127.0.0.1")
                .route(routes -> routes.post(
                                "/v1/chat/completions",
                                (request, response) -> body(request).flatMap(asked -> chat(asked, request, response)))
                        .post(
                                "/v1/embeddings",
                                (request, response) -> body(request).flatMap(asked -> embeddings(asked, response))))
                .bindNow();
    }

    int port() {
        return server.port();
    }

    public String url() {
        return origin + ":" + server.port() + "/v1";
    }

    private Sinks.Many<Integer> gate(String said) {
        return gates.computeIfAbsent(said, name -> Sinks.many().replay().limit(1));
    }

    /** Lets what is held go on past a gate: the first is before the first words, the second behind them. */
    void open(String said, int gate) {
        gate(said).emitNext(gate, Sinks.EmitFailureHandler.FAIL_FAST);
    }

    private <T> Flux<T> past(String said, int gate, Flux<T> then) {
        return gate(said).asFlux().filter(open -> open >= gate).take(1).thenMany(then);
    }

    public int calls(String said) {
        return calls.getOrDefault(said, new AtomicInteger()).get();
    }

    int calls() {
        return all.get();
    }

    /** Calls that were left before their answer had ended. */
    int left() {
        return left.get();
    }

    /** Bytes of floods that could be written. */
    long flooded() {
        return flooded.get();
    }

    /** From now on {@code m-sick} answers. */
    void heal() {
        well = true;
    }

    @Nullable
    String authorization() {
        return authorization;
    }

    private static Mono<JsonNode> body(HttpServerRequest request) {
        return request.receive().aggregate().asByteArray().map(Json::read);
    }

    private Mono<Void> chat(JsonNode asked, HttpServerRequest request, HttpServerResponse response) {
        authorization = request.requestHeaders().get("Authorization");
        String said = asked.path("messages").path(0).path("content").asText();
        int call = calls.computeIfAbsent(said, name -> new AtomicInteger()).incrementAndGet();
        all.incrementAndGet();
        response.header("x-request-id", "r-" + call);
        String model = asked.path("model").asText();
        boolean stream = asked.path("stream").asBoolean();
        return switch (model) {
            case "m-500" -> json(response, 500, "{\"error\":{\"message\":\"broken\",\"type\":\"server_error\"}}");
            case "m-429" -> json(response.header("Retry-After", "30"), 429, "{\"error\":{\"message\":\"slow down\"}}");
            case "m-400" -> json(response, 400, "{\"error\":{\"message\":\"no such thing\"}}");
            case "m-quota" ->
                json(response.header("x-should-retry", "false"), 429, "{\"error\":{\"message\":\"no money\"}}");
            case "m-held-400" ->
                past(said, 1, Flux.empty())
                        .then(json(response, 400, "{\"error\":{\"message\":\"held " + call + "\"}}"));
            case "m-held-503-once" ->
                call == 1 ? past(said, 1, Flux.empty()).then(json(response, 503, "{}")) : whole(response, asked);
            case "m-held-401" ->
                "Bearer good".equals(authorization)
                        ? whole(response, asked)
                        : past(said, 1, Flux.empty()).then(json(response, 401, "{\"error\":{\"message\":\"no\"}}"));
            case "m-late-400" -> Mono.delay(LATE).then(json(response, 400, "{\"error\":{\"message\":\"late\"}}"));
            case "m-sick" ->
                !well ? json(response, 500, "{}") : stream ? events(response, endless()) : whole(response, asked);
            case "m-gzip" ->
                gzip(
                        response,
                        stream
                                ? chunks(false).collectList().map(all -> String.join("", all))
                                : Mono.just(whole("stop")),
                        stream);
            case "m-br" -> bytes(response.header("Content-Encoding", "br"), Mono.just(new byte[] {1, 2, 3}));
            case "m-503" -> json(response, 503, "{\"error\":{\"message\":\"later\"}}");
            case "m-busy" ->
                call == 1
                        ? json(response.header("Retry-After", "1"), 429, "{\"error\":{\"message\":\"slow down\"}}")
                        : whole(response, asked);
            case "m-numbered" ->
                Mono.delay(Duration.ofMillis(call == 1 ? 0 : 1000))
                        .then(json(response, 200, whole("stop").replace("chatcmpl-1", "chatcmpl-" + call)));
            case "m-fading" -> call == 1 ? whole(response, asked) : json(response, 500, "{}");
            case "m-flood" -> events(response, flood());
            case "m-stall" ->
                events(response, Flux.concat(Flux.just(chunk("{\"content\":\"x\"}", null)), Flux.never()));
            case "m-endless-once" -> call == 1 ? events(response, endless()) : whole(response, asked);
            case "m-held" -> events(response, held(said, chunks(false).skip(2)));
            case "m-held-words" -> past(said, 2, Flux.empty()).then(json(response, 200, whole("stop")));
            case "m-held-endless" -> events(response, held(said, endless()));
            case "m-held-length" -> events(response, held(said, Flux.just(chunk("{}", "length"), "data: [DONE]\n\n")));
            case "m-held-cut" -> call == 1 ? events(response, held(said, cut(request))) : whole(response, asked);
            case "m-held-mute" ->
                call == 1 ? events(response, past(said, 1, cut(request)).startWith(role())) : whole(response, asked);
            case "m-held-tools" ->
                events(
                        response,
                        Flux.concat(
                                Flux.just(role(), chunk(CALL, null)),
                                past(said, 2, Flux.just(chunk("{}", "tool_calls"), "data: [DONE]\n\n"))));
            case "m-held-words-tools" ->
                events(
                        response,
                        held(said, Flux.just(chunk(CALL, null), chunk("{}", "tool_calls"), "data: [DONE]\n\n")));
            case "m-brook" -> events(response, brook());
            case "m-flaky" -> call < 3 ? json(response, 503, "{}") : whole(response, asked);
            case "m-hang" -> Mono.never();
            case "m-hang-once" -> call == 1 ? Mono.never() : whole(response, asked);
            case "m-late" -> Mono.delay(Duration.ofSeconds(7)).then(whole(response, asked));
            case "m-garbage" ->
                stream
                        ? events(response, Flux.just("data: {\"id\n\n", "data: [DONE]\n\n"))
                        : json(response, 200, "{\"choices\":[{\"mess");
            case "m-shape" -> json(response, 200, "{\"hello\":1}");
            case "m-mute" ->
                stream
                        ? events(response, Flux.just(role(), chunk("{}", "stop"), "data: [DONE]\n\n"))
                        : json(response, 200, whole("stop").replace(ANSWER, " "));
            case "m-cut" -> cut(response, stream, request);
            case "m-personal" -> json(response, 200, whole("stop").replace("Nine", "Write to a@b.example. Nine"));
            case "m-length" -> json(response, 200, whole("length"));
            case "m-endless" -> events(response, endless());
            case "m-unended" -> events(response, Flux.fromIterable(List.of(chunk("{\"content\":\"x\"}", null))));
            default -> {
                Mono<Void> answer = whole(response, asked);
                yield model.equals("m-slow") ? Mono.delay(Duration.ofSeconds(2)).then(answer) : answer;
            }
        };
    }

    private static Mono<Void> whole(HttpServerResponse response, JsonNode asked) {
        return asked.path("stream").asBoolean()
                ? events(
                        response,
                        chunks(asked.path("stream_options")
                                .path("include_usage")
                                .asBoolean()))
                : json(response, 200, whole("stop"));
    }

    private Flux<String> endless() {
        return Flux.interval(Duration.ofMillis(5))
                .onBackpressureDrop()
                .map(i -> chunk("{\"content\":\"x\"}", null))
                .doOnCancel(left::incrementAndGet);
    }

    /** As fast as it is taken: numbers, a kibibyte each. */
    private Flux<String> flood() {
        return Flux.<String, Long>generate(() -> 0L, (n, sink) -> {
                    sink.next(chunk("{\"content\":\"" + n + " " + ".".repeat(1024) + "\"}", null));
                    return n + 1;
                })
                .doOnNext(event -> flooded.addAndGet(event.length()))
                .doOnCancel(left::incrementAndGet);
    }

    /** In numbers, of 64 KiB each, thirty a second. */
    private static Flux<String> brook() {
        return Flux.interval(Duration.ofMillis(32))
                .onBackpressureDrop()
                .map(n -> chunk("{\"content\":\"" + n + " " + ".".repeat(64 << 10) + "\"}", null));
    }

    private Flux<String> held(String said, Flux<String> rest) {
        return Flux.concat(
                Flux.just(role()),
                past(said, 1, Flux.just(chunk("{\"content\":\"" + FIRST + "\"}", null))),
                past(said, 2, rest));
    }

    private static String role() {
        return chunk("{\"role\":\"assistant\",\"content\":\"\"}", null);
    }

    private static Flux<String> cut(HttpServerRequest request) {
        return Flux.defer(() -> {
            request.withConnection(DisposableChannel::dispose);
            return Flux.never();
        });
    }

    private static Mono<Void> cut(HttpServerResponse response, boolean stream, HttpServerRequest request) {
        Mono<Void> end = Mono.delay(Duration.ofMillis(50))
                .then(Mono.fromRunnable(() -> request.withConnection(DisposableChannel::dispose)));
        return stream
                ? events(
                        response, Flux.concat(Flux.just(chunk("{\"content\":\"half\"}", null)), end.cast(String.class)))
                : response.header("Content-Type", "application/json")
                        .header("Content-Length", "1000")
                        .sendString(Flux.concat(Flux.just("{\"choices\":"), end.cast(String.class)), UTF_8)
                        .then();
    }

    private static String whole(String finish) {
        return """
                {"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"m-1","system_fingerprint":"fp_1",
                "choices":[{"index":0,"message":{"role":"assistant","content":"%s","refusal":null},"logprobs":null,
                "finish_reason":"%s"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}""".formatted(ANSWER, finish);
    }

    private static Flux<String> chunks(boolean usage) {
        return Flux.concat(
                Flux.just(role()),
                Flux.fromArray(ANSWER.split("(?<= )")).map(word -> chunk("{\"content\":\"" + word + "\"}", null)),
                Flux.just(chunk("{}", "stop")),
                usage
                        ? Flux.just(
                                "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
                                        + "\"model\":\"m-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,"
                                        + "\"total_tokens\":7}}\n\n")
                        : Flux.empty(),
                Flux.just("data: [DONE]\n\n"));
    }

    private static String chunk(String delta, @Nullable String finish) {
        return "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"m-1\","
                + "\"choices\":[{\"index\":0,\"delta\":" + delta + ",\"logprobs\":null,\"finish_reason\":"
                + (finish == null ? "null" : "\"" + finish + "\"") + "}]}\n\n";
    }

    private Mono<Void> embeddings(JsonNode asked, HttpServerResponse response) {
        if (asked.path("model").asText().equals("e-hang")) {
            return Mono.never();
        }
        JsonNode input = asked.path("input");
        all.incrementAndGet();
        calls.computeIfAbsent(input.toString(), name -> new AtomicInteger()).incrementAndGet();
        if (asked.path("model").asText().equals("e-none")) {
            return json(
                    response,
                    200,
                    "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":\"\"}]}");
        }
        String data = IntStream.range(0, input.isArray() ? input.size() : 1)
                .mapToObj(i -> "{\"object\":\"embedding\",\"index\":" + i + ",\"embedding\":"
                        + (asked.path("encoding_format").asText().equals("base64") ? "\"AACAPwAAAEA=\"" : "[1.0,2.0]")
                        + "}")
                .collect(Collectors.joining(","));
        return json(
                response,
                200,
                "{\"object\":\"list\",\"data\":[" + data
                        + "],\"model\":\"e-1\",\"usage\":{\"prompt_tokens\":2,\"total_tokens\":2}}");
    }

    private static Mono<Void> json(HttpServerResponse response, int status, String json) {
        return response.status(status)
                .header("Content-Type", "application/json")
                .sendString(Mono.just(json), UTF_8)
                .then();
    }

    private static Mono<Void> gzip(HttpServerResponse response, Mono<String> text, boolean stream) {
        response.header("Content-Encoding", "gzip");
        return bytes(stream ? response.sse() : response, text.map(FakeUpstream::packed));
    }

    private static Mono<Void> bytes(HttpServerResponse response, Mono<byte[]> bytes) {
        return response.sendByteArray(bytes).then();
    }

    private static byte[] packed(String text) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(packed)) {
            out.write(text.getBytes(UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return packed.toByteArray();
    }

    private static Mono<Void> events(HttpServerResponse response, Flux<String> events) {
        return response.sse().sendString(events, UTF_8).then();
    }

    @Override
    public void close() {
        server.disposeNow();
    }
}
