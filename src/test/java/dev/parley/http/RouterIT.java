package dev.parley.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.support.Patience;
import io.netty.handler.codec.http.HttpMethod;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

class RouterIT {

    private static final int MAX_BODY = 1000;
    private static final Duration BODY_TIMEOUT = Duration.ofMillis(500);

    private final CountDownLatch cancelled = new CountDownLatch(1);
    private final DisposableServer server = HttpServer.create()
            .host("127.0.0.1")
            .port(0)
            .handle(new Router(routes(), BODY_TIMEOUT, () -> false))
            .bindNow();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Logger logger = (Logger) LoggerFactory.getLogger(FailureResponse.class);
    private final BlockingQueue<ILoggingEvent> events = new LinkedBlockingQueue<>();
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            events.add(event);
        }
    };

    private List<Route> routes() {
        return List.of(
                Route.get("/slow", exchange -> Mono.delay(Duration.ofMillis(20)).then(exchange.text(200, "slow"))),
                Route.get("/things/fixed", exchange -> exchange.text(200, "the fixed one")),
                Route.get("/things/{name}/parts/{part}", RouterIT::describe),
                Route.get("/things/{id}", exchange -> exchange.json(200, json(exchange.id("id")))),
                new Route(HttpMethod.DELETE, "/things/{id}", exchange -> exchange.empty(204)),
                Route.post(
                        "/bodies",
                        exchange -> exchange.body(MAX_BODY)
                                .flatMap(body -> exchange.text(200, body.length + ":" + new String(body, UTF_8)))),
                Route.post("/json", exchange -> {
                    exchange.requireContentType("application/json");
                    return exchange.body(MAX_BODY).flatMap(body -> exchange.json(201, body));
                }),
                Route.get(
                        "/refused/temporarily",
                        exchange -> Mono.error(ParleyException.of(ErrorCode.UNAVAILABLE, "later"))),
                Route.get("/refused/aloud", exchange -> {
                    throw ParleyException.of(ErrorCode.FORBIDDEN, "not for you");
                }),
                Route.get(
                        "/refused/token",
                        exchange -> Mono.error(ParleyException.of(ErrorCode.UNAUTHENTICATED, "who?"))),
                Route.post(
                        "/broken/signal",
                        exchange -> exchange.body(MAX_BODY)
                                .then(Mono.error(() -> new IllegalStateException("db password is hunter2")))),
                Route.get("/broken/throw", exchange -> {
                    exchange.response().header("Cache-Control", "max-age=60");
                    throw new IllegalStateException("db password is hunter2");
                }),
                Route.get(
                        "/broken/half",
                        exchange -> exchange.response()
                                .sendString(
                                        Flux.just("half an ").concatWith(Mono.error(new IllegalStateException("boom"))))
                                .then()),
                Route.get("/cached", exchange -> {
                    exchange.response().header("Cache-Control", "max-age=60");
                    return exchange.bytes(200, "text/css", new byte[] {'a'});
                }),
                Route.get("/bearer", exchange -> exchange.text(200, "" + exchange.bearer())),
                Route.get("/origin", exchange -> exchange.text(200, "" + OriginCheck.allowed(exchange.request()))),
                Route.get(
                        "/stream",
                        exchange -> exchange.response()
                                .sendString(Flux.just("first")
                                        .concatWith(Flux.never())
                                        .doOnCancel(cancelled::countDown))
                                .then()),
                Route.get(
                        "/socket",
                        exchange -> exchange.response().sendWebsocket((in, out) -> out.sendString(Mono.just("hello")))),
                Route.get("/lazy", exchange -> {
                    Mono<Void> used = exchange.text(200, "used");
                    Mono<Void> unused = exchange.json(500, json("unused"));
                    return used.onErrorResume(error -> unused);
                }));
    }

    private static Publisher<Void> describe(Exchange exchange) {
        return exchange.text(
                200,
                exchange.path("name") + "|" + exchange.path("part") + "|" + exchange.query("q") + "|"
                        + exchange.query("none"));
    }

    private static byte[] json(String value) {
        return ("{\"id\":\"" + value + "\"}").getBytes(UTF_8);
    }

    @BeforeEach
    void listen() {
        appender.start();
        logger.setLevel(Level.DEBUG);
        logger.addAppender(appender);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(appender);
        logger.setLevel(null);
        server.disposeNow();
    }

    @Test
    void anAnswerIsWholeNotCachedAndNotGuessedAt() throws Exception {
        HttpResponse<String> answer = get("/things/a");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("{\"id\":\"a\"}");
        assertThat(header(answer, "Content-Type")).isEqualTo("application/json");
        assertThat(header(answer, "Content-Length")).isEqualTo("10");
        assertThat(header(answer, "Cache-Control")).isEqualTo("no-store");
        assertThat(header(answer, "X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(answer.headers().firstValue("Transfer-Encoding")).isEmpty();
    }

    @Test
    void theFirstRouteThatFitsIsTaken() throws Exception {
        assertThat(get("/things/fixed").body()).isEqualTo("the fixed one");
    }

    @Test
    void anAnswerMayBeCachedWhenItsHandlerSaysSo() throws Exception {
        assertThat(header(get("/cached"), "Cache-Control")).isEqualTo("max-age=60");
    }

    @Test
    void anAnswerThatIsNotSentChangesNothing() throws Exception {
        HttpResponse<String> answer = get("/lazy");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("used");
        assertThat(header(answer, "Content-Type")).isEqualTo("text/plain; charset=utf-8");
    }

    @Test
    void parametersAreDecodedAndPlusIsAPlusInThePath() throws Exception {
        assertThat(get("/things/a%2Fb+c%20d/parts/%C3%A9?q=x%26y+z;w&q=2").body())
                .isEqualTo("a/b+c d|é|x&y z;w|null");
    }

    @Test
    void theAbsoluteFormOfARequestIsUnderstood() throws Exception {
        assertThat(raw("GET http://gateway.example/things/a?x=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 200")
                .endsWith("{\"id\":\"a\"}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/things/%zz/parts/1", "/things/a/parts/%4", "/things/a?q=%zz"})
    void whatCanNotBeDecodedIsABadRequest(String target) throws Exception {
        assertThat(raw("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 400")
                .contains("\"code\":\"bad_request\"");
        assertThat(warnings()).isEmpty();
    }

    @Test
    void aParameterThatMustBeAnIdIsRefusedByName() throws Exception {
        HttpResponse<String> answer = get("/things/a%20b");

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("\"detail\":\"id in the path must be");
    }

    @Test
    void anUnknownPathIsNotFound() throws Exception {
        HttpResponse<String> answer = get("/nothing?token=secret");

        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(header(answer, "Content-Type")).isEqualTo("application/problem+json");
        assertThat(header(answer, "Cache-Control")).isEqualTo("no-store");
        assertThat(header(answer, "X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(answer.body())
                .isEqualTo(
                        "{\"type\":\"urn:parley:error:not_found\",\"title\":\"Not Found\",\"status\":404,"
                                + "\"detail\":\"there is no such path: see openapi.yaml\",\"code\":\"not_found\",\"temporary\":false}");
    }

    @Test
    void aMethodThatIsNotForAPathIsToldWhichAre() throws Exception {
        HttpResponse<String> answer = send(request("/things/a").PUT(BodyPublishers.ofString("x")));

        assertThat(answer.statusCode()).isEqualTo(405);
        assertThat(header(answer, "Allow")).isEqualTo("GET, DELETE, HEAD, OPTIONS");
        assertThat(answer.body()).contains("\"title\":\"Method Not Allowed\"", "\"status\":405");
    }

    @Test
    void optionsAreAnsweredWithTheMethods() throws Exception {
        HttpResponse<String> answer = send(request("/bodies").method("OPTIONS", BodyPublishers.noBody()));

        assertThat(answer.statusCode()).isEqualTo(204);
        assertThat(header(answer, "Allow")).isEqualTo("POST, OPTIONS");
        assertThat(answer.headers().firstValue("Access-Control-Allow-Origin")).isEmpty();
    }

    @Test
    void headIsAnsweredAsGetWithoutTheBody() throws Exception {
        HttpResponse<String> answer = send(request("/things/a").method("HEAD", BodyPublishers.noBody()));

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(header(answer, "Content-Length")).isEqualTo("10");
        assertThat(answer.body()).isEmpty();
        assertThat(raw("HEAD /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 404")
                .endsWith("\r\n\r\n");
    }

    @Test
    void anAnswerWithoutABodyHasNone() throws Exception {
        HttpResponse<String> answer = send(request("/things/a").DELETE());

        assertThat(answer.statusCode()).isEqualTo(204);
        assertThat(answer.body()).isEmpty();
        assertThat(header(answer, "Cache-Control")).isEqualTo("no-store");
    }

    @Test
    void aBodyUpToTheLimitIsRead() throws Exception {
        String body = "é".repeat(MAX_BODY / 2);
        String answer = MAX_BODY + ":" + body;

        assertThat(post("/bodies", BodyPublishers.ofString(body)).body()).isEqualTo(answer);
        assertThat(post("/bodies", chunked(body)).body()).isEqualTo(answer);
        assertThat(post("/bodies", BodyPublishers.noBody()).body()).isEqualTo("0:");
    }

    @Test
    void aBodyThatIsDeclaredTooLargeIsRefusedBeforeItIsSent() throws Exception {
        assertThat(raw("POST /bodies HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n"))
                .startsWith("HTTP/1.1 413")
                .contains("\"code\":\"too_large\"", "at most 1000 bytes");
    }

    @Test
    void aBodyThatIsExpectedIsAskedFor() throws Exception {
        HttpResponse<String> answer =
                send(request("/bodies").expectContinue(true).POST(BodyPublishers.ofString("hello")));

        assertThat(answer.body()).isEqualTo("5:hello");
    }

    @Test
    void aBodyThatTurnsOutTooLargeIsRefused() throws Exception {
        HttpResponse<String> answer = post("/bodies", chunked("a".repeat(MAX_BODY + 1)));

        assertThat(answer.statusCode()).isEqualTo(413);
        assertThat(answer.body()).contains("\"code\":\"too_large\"");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aClientThatSendsFarTooMuchGetsItsAnswerAndTheNextOneToo(boolean declared) throws Exception {
        String large = "a".repeat(5_000_000);

        HttpResponse<String> answer = post("/bodies", declared ? BodyPublishers.ofString(large) : chunked(large));

        assertThat(answer.statusCode()).isEqualTo(413);
        assertThat(post("/bodies", BodyPublishers.ofString("next")).body()).isEqualTo("4:next");
        assertThat(warnings()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 10\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"})
    void aBodyThatStopsHalfWayIsNotWaitedForForever(String rest) throws Exception {
        assertThat(raw("POST /bodies HTTP/1.1\r\nHost: x\r\n" + rest))
                .startsWith("HTTP/1.1 408")
                .contains("\"code\":\"bad_request\"", "did not arrive within 500 ms")
                .containsIgnoringCase("connection: close");
    }

    @Test
    void aClientThatLeavesHalfWayIsNoFailure() throws Exception {
        try (Socket socket = connect()) {
            socket.getOutputStream()
                    .write("POST /bodies HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf".getBytes(UTF_8));
        }

        ILoggingEvent event = events.poll(Patience.ofSeconds(10).toMillis(), TimeUnit.MILLISECONDS);

        assertThat(event).isNotNull();
        assertThat(event.getLevel()).isEqualTo(Level.DEBUG);
        assertThat(event.getFormattedMessage()).isEqualTo("POST /bodies: the client has disconnected");
    }

    @Test
    void aHandlerIsCancelledWhenItsClientLeaves() throws Exception {
        try (Socket socket = connect()) {
            socket.getOutputStream().write("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(UTF_8));
            assertThat(socket.getInputStream().readNBytes(12)).asString(UTF_8).isEqualTo("HTTP/1.1 200");
            assertThat(cancelled.getCount()).isEqualTo(1);
        }

        assertThat(cancelled.await(Patience.ofSeconds(10).toMillis(), TimeUnit.MILLISECONDS))
                .isTrue();
        assertThat(warnings()).isEmpty();
    }

    @Test
    void aRouteMayBeAWebSocket() throws Exception {
        CompletableFuture<String> received = new CompletableFuture<>();
        WebSocket socket = client.newWebSocketBuilder()
                .buildAsync(URI.create("ws://127.0.0.1:" + server.port() + "/socket"), new WebSocket.Listener() {
                    @Override
                    public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
                        received.complete(text.toString());
                        return null;
                    }
                })
                .get(Patience.ofSeconds(10).toMillis(), TimeUnit.MILLISECONDS);

        assertThat(received.get(Patience.ofSeconds(10).toMillis(), TimeUnit.MILLISECONDS))
                .isEqualTo("hello");
        socket.abort();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "-1", "+5", "99999999999999999999", "5, 6"})
    void aLengthThatIsNoneIsABadRequest(String length) throws Exception {
        assertThat(raw("POST /bodies HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + "\r\n\r\nhello"))
                .startsWith("HTTP/1.1 400");
        assertThat(warnings()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"OPTIONS *", "CONNECT chat.example:443", "GET chat", "GET /.", "GET //"})
    void aTargetThatIsNoPathHereIsNotFound(String line) throws Exception {
        assertThat(raw(line + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 404");
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"})
    void jsonIsTakenHoweverItIsWritten(String contentType) throws Exception {
        HttpResponse<String> answer =
                send(request("/json").header("Content-Type", contentType).POST(BodyPublishers.ofString("{}")));

        assertThat(answer.statusCode()).isEqualTo(201);
        assertThat(answer.body()).isEqualTo("{}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/plain", "application/x-www-form-urlencoded", "application/jsonp", ";"})
    void anotherTypeIsRefused(String contentType) throws Exception {
        HttpResponse<String> answer =
                send(request("/json").header("Content-Type", contentType).POST(BodyPublishers.ofString("{}")));

        assertThat(answer.statusCode()).isEqualTo(415);
        assertThat(answer.body()).contains("\"status\":415", "Content-Type must be application/json");
    }

    @Test
    void aMissingTypeIsRefused() throws Exception {
        assertThat(post("/json", BodyPublishers.ofString("{}")).statusCode()).isEqualTo(415);
    }

    @Test
    void aTemporaryRefusalSaysWhenToComeBack() throws Exception {
        HttpResponse<String> answer = get("/refused/temporarily");

        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(header(answer, "Retry-After")).isEqualTo("1");
        assertThat(answer.body()).contains("\"code\":\"unavailable\"", "\"temporary\":true", "\"retry_ms\":1000");
    }

    @Test
    void aRefusalThatIsThrownIsAnsweredAsOneThatIsSignalled() throws Exception {
        HttpResponse<String> answer = get("/refused/aloud");

        assertThat(answer.statusCode()).isEqualTo(403);
        assertThat(answer.body()).contains("\"detail\":\"not for you\"");
        assertThat(answer.headers().firstValue("Retry-After")).isEmpty();
        assertThat(warnings()).isEmpty();
    }

    @Test
    void whoIsNotKnownIsToldHowToSayIt() throws Exception {
        HttpResponse<String> answer = get("/refused/token");

        assertThat(answer.statusCode()).isEqualTo(401);
        assertThat(header(answer, "WWW-Authenticate")).isEqualTo("Bearer");
    }

    @Test
    void aFailureIsLoggedOnceAndNotToldToTheClient() throws Exception {
        HttpResponse<String> answer =
                post("/broken/signal?token=secret", BodyPublishers.ofString("the user's own words"));

        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(answer.body()).contains("\"code\":\"internal\"").doesNotContain("hunter2", "IllegalState");
        assertThat(warnings()).singleElement().satisfies(event -> {
            assertThat(event.getFormattedMessage()).isEqualTo("POST /broken/signal failed");
            assertThat(event.getThrowableProxy().getMessage()).isEqualTo("db password is hunter2");
        });
    }

    @Test
    void aHandlerThatThrowsFailsAsOneThatSignals() throws Exception {
        HttpResponse<String> answer = get("/broken/throw");

        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(answer.body()).contains("\"code\":\"internal\"").doesNotContain("hunter2");
        assertThat(header(answer, "Cache-Control")).isEqualTo("no-store");
        assertThat(warnings()).hasSize(1);
    }

    @Test
    void anAnswerThatBreaksOffIsNotTakenForAWholeOne() throws Exception {
        assertThat(raw("GET /broken/half HTTP/1.1\r\nHost: x\r\n\r\n"))
                .startsWith("HTTP/1.1 200")
                .contains("half an ")
                .doesNotEndWith("0\r\n\r\n")
                .doesNotContain("(still open)");
        assertThat(warnings()).hasSize(1);
    }

    @Test
    void aBearerTokenIsReadWhateverItsSchemeIsWrittenLike() throws Exception {
        assertThat(send(request("/bearer").header("Authorization", "bearer  a.b.c "))
                        .body())
                .isEqualTo("a.b.c");
        assertThat(send(request("/bearer").header("Authorization", "Basic YTpi"))
                        .body())
                .isEqualTo("null");
        assertThat(get("/bearer").body()).isEqualTo("null");
    }

    @Test
    void theOriginOfARequestIsComparedWithItsHost() throws Exception {
        String own = "http://127.0.0.1:" + server.port();

        assertThat(send(request("/origin").header("Origin", own)).body()).isEqualTo("true");
        assertThat(send(request("/origin").header("Origin", "https://evil.example"))
                        .body())
                .isEqualTo("false");
        assertThat(get("/origin").body()).isEqualTo("true");
    }

    private List<ILoggingEvent> warnings() {
        return events.stream()
                .filter(event -> event.getLevel().isGreaterOrEqual(Level.INFO))
                .toList();
    }

    private HttpResponse<String> get(String target) throws IOException, InterruptedException {
        return send(request(target));
    }

    private HttpResponse<String> post(String target, HttpRequest.BodyPublisher body)
            throws IOException, InterruptedException {
        return send(request(target).POST(body));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return client.send(request.timeout(Duration.ofSeconds(20)).build(), BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String target) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + target));
    }

    private static HttpRequest.BodyPublisher chunked(String body) {
        return BodyPublishers.fromPublisher(BodyPublishers.ofString(body));
    }

    private static String header(HttpResponse<String> answer, String name) {
        return answer.headers().firstValue(name).orElse("");
    }

    @Test
    void aConnectionIsReadAgainAfterARequestThatCameBeforeTheAnswerToTheLast() throws IOException {
        try (Socket socket = connect()) {
            socket.setSoTimeout(10_000);
            BufferedReader answers = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
            String one = "GET /slow HTTP/1.1\r\nHost: x\r\n\r\nGET /things/fixed HTTP/1.1\r\nHost: x\r\n\r\n";
            for (int i = 0; i < 20; i++) {
                socket.getOutputStream().write(one.getBytes(UTF_8));
                assertThat(bodies(answers, 2)).containsExactly("slow", "the fixed one");
            }
        }
    }

    private static List<String> bodies(BufferedReader answers, int count) throws IOException {
        List<String> bodies = new ArrayList<>();
        while (bodies.size() < count) {
            int length = 0;
            for (String line = answers.readLine(); !line.isEmpty(); line = answers.readLine()) {
                if (line.regionMatches(true, 0, "content-length:", 0, 15)) {
                    length = Integer.parseInt(line.substring(15).trim());
                }
            }
            char[] body = new char[length];
            for (int read = 0; read < length; ) {
                read += answers.read(body, read, length - read);
            }
            bodies.add(new String(body));
        }
        return bodies;
    }

    /** Sends these bytes and reads what comes until the server closes, or nothing more comes for two seconds. */
    private String raw(String request) throws IOException {
        try (Socket socket = connect()) {
            socket.setSoTimeout(2_000);
            socket.getOutputStream().write(request.getBytes(UTF_8));
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            try {
                socket.getInputStream().transferTo(answer);
            } catch (SocketTimeoutException e) {
                answer.writeBytes("(still open)".getBytes(UTF_8));
            }
            return answer.toString(UTF_8);
        }
    }

    private Socket connect() throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), server.port());
    }
}
