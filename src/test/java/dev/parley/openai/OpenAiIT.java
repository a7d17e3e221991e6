package dev.parley.openai;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.embeddings.CreateEmbeddingResponse;
import com.openai.models.embeddings.EmbeddingCreateParams;
import dev.parley.auth.Role;
import dev.parley.auth.TokenMint;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp;
import dev.parley.node.TestHttp.Answer;
import dev.parley.node.TestNode;
import dev.parley.support.Await;
import dev.parley.support.LogWatch;
import dev.parley.support.Patience;
import io.netty.buffer.Unpooled;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;

/** The proxy on two nodes in front of a fake model, over real sockets. Each test has a tenant and a question of its own. */
class OpenAiIT {

    private static final String SECRET = "a secret of more than thirty-two bytes";
    private static final String MARK = "X-Parley-Cache";

    private static FakeUpstream upstream;
    private static LogWatch log;
    private static TestNode node;
    private static TestNode other;

    private final String said = "q-" + Ids.random();
    private final String agent = token("openai-" + Ids.random(), Role.AGENT);

    @BeforeAll
    static void start() {
        upstream = new FakeUpstream();
        log = LogWatch.open();
        node = node("one");
        other = node("two");
    }

    private static TestNode node(String name) {
        return TestNode.start(
                "auth.mode", "jwt",
                "auth.jwt.secret", SECRET,
                "node", name,
                "upstream.url", upstream.url() + "/",
                "upstream.key", "sk-house",
                "upstream.max-body", "64KiB",
                "upstream.response-timeout", "4s");
    }

    @AfterEach
    void noRequestIsTheNodesFault() {
        log.assertQuiet();
    }

    @AfterAll
    static void stop() {
        node.close();
        other.close();
        log.close();
        upstream.close();
    }

    private static String token(String tenant, Role role) {
        return new TokenMint(SECRET.getBytes(UTF_8), Clock.systemUTC())
                .mint("somebody", tenant, Set.of(role), Set.of(), Duration.ofHours(1));
    }

    private static Answer post(TestNode to, String token, String path, String json, String... headers) {
        String[] all = Stream.concat(Stream.of("Authorization", "Bearer " + token), Stream.of(headers))
                .toArray(String[]::new);
        return TestHttp.post(to.http("/v1" + path), "application/json", BodyPublishers.ofString(json), all);
    }

    private String chat(String model, String more) {
        return "{\"model\":\"" + model + "\"" + more + ",\"messages\":[{\"role\":\"user\",\"content\":\"" + said
                + "\"}]}";
    }

    private Answer ask(String model, String more, String... headers) {
        return post(node, agent, "/chat/completions", chat(model, more), headers);
    }

    private static String content(Answer answer) {
        return answer.json().at("/choices/0/message/content").asText();
    }

    private static List<JsonNode> events(Answer answer) {
        return answer.body()
                .lines()
                .filter(line -> line.startsWith("data: {"))
                .map(line -> Json.read(line.substring(6).getBytes(UTF_8)))
                .toList();
    }

    private static String streamed(Answer answer) {
        return events(answer).stream()
                .map(event -> event.at("/choices/0/delta/content").asText(""))
                .collect(Collectors.joining());
    }

    @Test
    void theSecondAnswerComesFromTheCacheOnBothNodes() {
        Answer first = ask("m-1", "");
        assertThat(first.status()).as("%s", first).isEqualTo(200);
        assertThat(first.header(MARK)).isEqualTo("miss; reason=absent");
        assertThat(first.header("x-request-id")).isEqualTo("r-1");
        assertThat(first.header("Age")).isEmpty();
        assertThat(upstream.authorization()).isEqualTo("Bearer sk-house");
        for (TestNode at : List.of(node, other)) {
            Answer second = post(at, agent, "/chat/completions", chat("m-1", ""));
            assertThat(second.header(MARK)).isEqualTo("hit-exact");
            assertThat(second.header("Age")).matches("[0-9]+");
            assertThat(second.json()).isEqualTo(first.json());
        }
        assertThat(upstream.calls(said)).isEqualTo(1);
    }

    @Test
    void oneTenantsAnswerIsNeverAnothers() {
        assertThat(content(ask("m-1", ""))).isEqualTo(FakeUpstream.ANSWER);
        Answer elsewhere = post(node, token("x-" + Ids.random(), Role.AGENT), "/chat/completions", chat("m-1", ""));
        assertThat(elsewhere.header(MARK)).isEqualTo("miss; reason=absent");
        assertThat(ask("m-1", "", ProxyRequest.NAMESPACE, "n-1").header(MARK)).isEqualTo("miss; reason=absent");
        assertThat(upstream.calls(said)).isEqualTo(3);
    }

    @Test
    void aStreamIsPassedOnAndAnswersBothKindsLater() {
        String usage = ",\"stream\":true,\"stream_options\":{\"include_usage\":true}";
        Answer first = ask("m-1", usage);
        assertThat(first.header("Content-Type")).isEqualTo("text/event-stream");
        assertThat(first.header(MARK)).isEqualTo("miss; reason=absent");
        assertThat(streamed(first)).isEqualTo(FakeUpstream.ANSWER);
        Answer again = ask("m-1", usage);
        assertThat(again.header(MARK)).isEqualTo("hit-exact");
        assertThat(streamed(again)).isEqualTo(FakeUpstream.ANSWER);
        assertThat(again.body()).endsWith("data: [DONE]\n\n");
        List<JsonNode> events = events(again);
        assertThat(events.get(0).at("/choices/0/delta/role").asText()).isEqualTo("assistant");
        assertThat(events.get(events.size() - 2).at("/choices/0/finish_reason").asText())
                .isEqualTo("stop");
        assertThat(events.get(events.size() - 1).at("/usage/total_tokens").asInt())
                .isEqualTo(7);
        assertThat(events)
                .allSatisfy(event -> assertThat(event.path("object").asText()).isEqualTo("chat.completion.chunk"));
        Answer whole = ask("m-1", "");
        assertThat(whole.header(MARK)).isEqualTo("hit-exact");
        assertThat(content(whole)).isEqualTo(FakeUpstream.ANSWER);
        assertThat(whole.json().path("object").asText()).isEqualTo("chat.completion");
        assertThat(upstream.calls(said)).isEqualTo(1);
    }

    @Test
    void aWholeAnswerIsStreamedLaterAndUsageIsNeverMadeUp() {
        Answer stream = ask("m-1", ",\"stream\":true");
        assertThat(stream.header(MARK)).isEqualTo("miss; reason=absent");
        assertThat(ask("m-1", ",\"stream\":true,\"stream_options\":{\"include_usage\":true}")
                        .header(MARK))
                .isEqualTo("miss; reason=format");
        Answer again = ask("m-1", ",\"stream\":true");
        assertThat(again.header(MARK)).isEqualTo("hit-exact");
        assertThat(again.body()).doesNotContain("usage");
        assertThat(upstream.calls(said)).isEqualTo(2);
    }

    @Test
    void errorsAreTheUpstreamsAndNeverKept() {
        for (int i = 1; i <= 2; i++) {
            Answer broken = ask("m-500", "");
            assertThat(broken.status()).isEqualTo(500);
            assertThat(broken.json().at("/error/message").asText()).isEqualTo("broken");
            assertThat(broken.header(MARK)).isEqualTo("miss; reason=absent");
            assertThat(upstream.calls(said)).isEqualTo(i);
        }
        Answer limited = ask("m-429", "");
        assertThat(limited.status()).isEqualTo(429);
        assertThat(limited.header("Retry-After")).isEqualTo("30");
        assertThat(upstream.calls(said))
                .as("it asks for more patience than there is")
                .isEqualTo(3);
    }

    @Test
    void whatIsTemporaryIsTriedAgain() {
        Answer answer = ask("m-flaky", "");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(upstream.calls(said)).isEqualTo(3);
        assertThat(ask("m-flaky", "").header(MARK)).isEqualTo("hit-exact");
    }

    @Test
    void whatHangsIsATimeout() {
        Answer late = ask("m-hang", "");
        assertThat(late.status()).isEqualTo(504);
        assertThat(late.json().at("/error/code").asText()).isEqualTo("upstream_timeout");
        assertThat(late.json().at("/error/type").asText()).isEqualTo("server_error");
        assertThat(upstream.calls(said)).isEqualTo(1);
        assertThat(ask("m-hang", "", "Cache-Control", "only-if-cached").status())
                .isEqualTo(504);
    }

    @Test
    void whatIsCutOffIsNotKept() {
        Answer cut = ask("m-cut", "");
        assertThat(cut.status()).isEqualTo(502);
        assertThat(cut.json().at("/error/code").asText()).isEqualTo("upstream_cut_off");
        for (int i = 2; i <= 3; i++) {
            assertThatThrownBy(() -> ask("m-cut", ",\"stream\":true")).isInstanceOf(UncheckedIOException.class);
            assertThat(upstream.calls(said)).isEqualTo(i);
        }
    }

    @Test
    void garbageIsPassedOnAndNotKept() {
        for (String model : List.of("m-garbage", "m-shape", "m-length")) {
            int before = upstream.calls(said);
            Answer first = ask(model, "");
            assertThat(first.status()).as(model).isEqualTo(200);
            assertThat(ask(model, "").header(MARK)).as(model).startsWith("miss; reason=");
            assertThat(upstream.calls(said)).as(model).isEqualTo(before + 2);
        }
        assertThat(ask("m-garbage", ",\"stream\":true").body()).isEqualTo("data: {\"id\n\ndata: [DONE]\n\n");
        assertThat(ask("m-unended", ",\"stream\":true").body()).contains("\"x\"");
        assertThat(ask("m-unended", ",\"stream\":true").header(MARK)).startsWith("miss");
    }

    @Test
    void whoLeavesAStreamEndsTheCallAndNothingIsKept() throws InterruptedException {
        int before = upstream.left();
        ConnectionProvider connections = ConnectionProvider.newConnection();
        List<byte[]> got = Collections.synchronizedList(new ArrayList<>());
        Disposable caller = HttpClient.create(connections)
                .headers(to -> to.set("Authorization", "Bearer " + agent).set("Content-Type", "application/json"))
                .post()
                .uri(node.http("/v1/chat/completions").toString())
                .send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(
                        chat("m-endless", ",\"stream\":true").getBytes(UTF_8))))
                .response((response, content) -> content.asByteArray())
                .subscribe(got::add, e -> {});
        Await.until(() -> got.size() > 3);
        caller.dispose();
        Await.until(() -> upstream.left() == before + 1);
        assertThat(ask("m-endless", "", "Cache-Control", "only-if-cached").header(MARK))
                .isEqualTo("miss; reason=absent");
    }

    @Test
    void ofAThousandOnTwoNodesOneIsAskedOfTheUpstream() {
        ConnectionProvider connections = ConnectionProvider.builder("thousand")
                .maxConnections(600)
                .pendingAcquireMaxCount(2000)
                .build();
        HttpClient client = HttpClient.create(connections)
                .headers(to -> to.set("Authorization", "Bearer " + agent).set("Content-Type", "application/json"));
        // With all connections there, and everything compiled.
        assertThat(thousand(client, "m-1")).hasSize(1000);
        int before = upstream.calls(said);
        List<String> marks = thousand(client, "m-slow");
        assertThat(upstream.calls(said) - before).as("%s", Set.copyOf(marks)).isEqualTo(1);
        assertThat(marks).hasSize(1000).allMatch(mark -> mark.startsWith("200 ") && mark.endsWith(" true"));
        assertThat(marks).anyMatch(mark -> mark.contains("joined"));
        assertThat(marks).filteredOn(mark -> mark.contains("miss")).hasSize(1);
        connections.disposeLater().block(Patience.ofSeconds(10));
    }

    private List<String> thousand(HttpClient client, String model) {
        List<String> marks = Flux.range(0, 1000)
                .flatMap(
                        i -> one(client, i % 2 == 0 ? node : other, chat(model, i % 4 < 2 ? "" : ",\"stream\":true")),
                        1000)
                .collectList()
                .block(Patience.ofSeconds(60));
        return Objects.requireNonNull(marks);
    }

    private static Mono<String> one(HttpClient client, TestNode at, String body) {
        return client.post()
                .uri(at.http("/v1/chat/completions").toString())
                .send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(body.getBytes(UTF_8))))
                .responseSingle((response, content) -> content.asString()
                        .map(text -> response.status().code() + " "
                                + response.responseHeaders().get(MARK) + " " + text.contains("Nine")));
    }

    @Test
    void cacheControlIsHeard() {
        Answer absent = ask("m-1", "", "Cache-Control", "only-if-cached");
        assertThat(absent.status()).isEqualTo(504);
        assertThat(absent.json().at("/error/code").asText()).isEqualTo("not_cached");
        assertThat(upstream.calls(said)).isZero();
        assertThat(ask("m-1", "", "Cache-Control", "no-store").header(MARK)).isEqualTo("bypass; reason=no_store");
        assertThat(ask("m-1", "", "Cache-Control", "no-cache").header(MARK)).isEqualTo("bypass; reason=no_cache");
        assertThat(ask("m-1", "", "Cache-Control", "only-if-cached").header(MARK))
                .as("what no-cache got was kept, what no-store got was not")
                .isEqualTo("hit-exact");
        assertThat(upstream.calls(said)).isEqualTo(2);
        assertThat(ask("m-1", "", "Cache-Control", "max-age=60").header(MARK)).isEqualTo("hit-exact");
        assertThat(ask("m-1", "", "Cache-Control", "no-store").header(MARK)).isEqualTo("bypass; reason=no_store");
        assertThat(ask("m-1", "", "Cache-Control", "max-age=soon").header(MARK)).isEqualTo("miss; reason=too_old");
    }

    @Test
    void rulesKeepWhatIsPersonalOutAndHeadersSayWhatItIs() {
        String personal = chat("m-1", "").replace(said, said + " a@b.example");
        for (int i = 0; i < 2; i++) {
            assertThat(post(node, agent, "/chat/completions", personal).header(MARK))
                    .isEqualTo("bypass; reason=pii");
        }
        assertThat(ask("m-1", "", ProxyRequest.CATEGORY, "none").header(MARK)).isEqualTo("bypass; reason=category");
        assertThat(ask("m-1", "", ProxyRequest.CATEGORY, "soup").status()).isEqualTo(400);
        assertThat(ask("m-1", "", ProxyRequest.TAGS, "a b").status()).isEqualTo(400);
        assertThat(ask("m-1", "", ProxyRequest.NAMESPACE, "{").status()).isEqualTo(400);
        String tag = Ids.random();
        assertThat(ask("m-1", "", ProxyRequest.TAGS, "shop, " + tag).header(MARK))
                .isEqualTo("miss; reason=absent");
        assertThat(ask("m-1", "").header(MARK)).isEqualTo("hit-exact");
        assertThat(post(node, agent, "/cache/invalidate", "{\"tag\":\"" + tag + "\"}")
                        .status())
                .isEqualTo(200);
        assertThat(ask("m-1", "").header(MARK)).isEqualTo("miss; reason=invalidated");
    }

    @Test
    void whyAnAnswerIsNotKeptIsSaid() {
        assertThat(ask("m-length", "").header(MARK)).isEqualTo("miss; reason=absent; not-stored=truncated");
        assertThat(ask("m-personal", "").header(MARK)).isEqualTo("miss; reason=absent; not-stored=pii");
        assertThat(ask("m-personal", "", "Cache-Control", "no-cache").header(MARK))
                .isEqualTo("bypass; reason=no_cache; not-stored=pii");
        assertThat(ask("m-500", "").header(MARK)).isEqualTo("miss; reason=absent");
    }

    @Test
    void whatSaysNothingIsPassedOnAndNotKept() {
        for (int i = 1; i <= 2; i++) {
            assertThat(ask("m-mute", "").header(MARK)).startsWith("miss; ").endsWith("; not-stored=empty");
            assertThat(ask("m-mute", ",\"stream\":true").header(MARK)).startsWith("miss; ");
            Answer embedding = post(node, agent, "/embeddings", "{\"model\":\"e-none\",\"input\":\"" + said + "\"}");
            assertThat(embedding.status()).isEqualTo(200);
            assertThat(embedding.header(MARK)).startsWith("miss; ").endsWith("; not-stored=empty");
        }
        assertThat(upstream.calls(said)).isEqualTo(4);
    }

    @Test
    void whatTheGatewayRefusesIsInOpenAisWords() {
        Answer person = post(node, token("t", Role.USER), "/chat/completions", chat("m-1", ""));
        assertThat(person.status()).isEqualTo(403);
        assertThat(person.json().at("/error/type").asText()).isEqualTo("permission_error");
        Answer nobody = post(node, "x", "/chat/completions", chat("m-1", ""));
        assertThat(nobody.status()).isEqualTo(401);
        assertThat(nobody.header("WWW-Authenticate")).isEqualTo("Bearer");
        assertThat(nobody.json().at("/error/code").asText()).isEqualTo("unauthenticated");
        assertThat(ask("m-1", ",\"user\":\"" + "x".repeat(70_000) + "\"").status())
                .isEqualTo(413);
        assertThat(ask("", "").status()).isEqualTo(400);
        assertThat(ask("m-1", ",\"model\":\"m-2\"").status())
                .as("two of one name")
                .isEqualTo(400);
        assertThat(upstream.calls(said)).isZero();
    }

    @Test
    void embeddingsAreKeptByWhatTheyDependOn() {
        String input = "[\"" + said + "\",\"two\"]";
        String asked = "{\"model\":\"e-1\",\"input\":" + input + ",\"user\":\"%s\"%s}";
        assertThat(post(node, agent, "/embeddings", asked.formatted("ann", "")).header(MARK))
                .isEqualTo("miss; reason=absent");
        Answer hit = post(other, agent, "/embeddings", asked.formatted("bob", ""));
        assertThat(hit.header(MARK)).isEqualTo("hit-exact");
        assertThat(hit.json().path("data")).hasSize(2);
        assertThat(post(node, agent, "/embeddings", asked.formatted("ann", ",\"dimensions\":2"))
                        .header(MARK))
                .isEqualTo("miss; reason=absent");
        assertThat(upstream.calls(input)).isEqualTo(2);
        for (String kind : List.of("query", "passage")) {
            String unknown = asked.formatted("ann", ",\"input_type\":\"" + kind + "\"");
            assertThat(post(node, agent, "/embeddings", unknown).header(MARK)).isEqualTo("miss; reason=absent");
            assertThat(post(node, agent, "/embeddings", unknown).header(MARK)).isEqualTo("hit-exact");
        }
        assertThat(upstream.calls(input)).isEqualTo(4);
        assertThat(post(node, agent, "/embeddings", "{\"model\":\"e-1\",\"input\":[1,2]}")
                        .header(MARK))
                .isEqualTo("bypass; reason=input");
    }

    @Test
    void openAisOwnClientIsContent() {
        OpenAIClient client = OpenAIOkHttpClient.builder()
                .baseUrl(node.http("/v1").toString())
                .apiKey(agent)
                .maxRetries(0)
                .build();
        ChatCompletionCreateParams params = ChatCompletionCreateParams.builder()
                .model("m-1")
                .addUserMessage(said)
                .build();
        ChatCompletion first = client.chat().completions().create(params);
        ChatCompletion second = client.chat().completions().create(params);
        assertThat(second.choices().get(0).message().content()).hasValue(FakeUpstream.ANSWER);
        assertThat(second.id()).isEqualTo(first.id());
        assertThat(second.usage().orElseThrow().totalTokens()).isEqualTo(7);
        ChatCompletionCreateParams streaming = params.toBuilder()
                .streamOptions(
                        ChatCompletionStreamOptions.builder().includeUsage(true).build())
                .build();
        List<ChatCompletionChunk> chunks;
        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(streaming)) {
            chunks = stream.stream().toList();
        }
        assertThat(chunks.stream()
                        .flatMap(chunk -> chunk.choices().stream())
                        .map(choice -> choice.delta().content().orElse(""))
                        .collect(Collectors.joining()))
                .isEqualTo(FakeUpstream.ANSWER);
        assertThat(chunks.get(chunks.size() - 1).usage().orElseThrow().totalTokens())
                .isEqualTo(7);
        assertThat(upstream.calls(said)).as("three answers").isEqualTo(1);
        EmbeddingCreateParams text =
                EmbeddingCreateParams.builder().model("e-1").input(said).build();
        CreateEmbeddingResponse one = client.embeddings().create(text);
        CreateEmbeddingResponse two = client.embeddings().create(text);
        assertThat(two.data().get(0).embedding())
                .isEqualTo(one.data().get(0).embedding())
                .hasSize(2);
        assertThat(upstream.calls("\"" + said + "\"")).isEqualTo(1);
        client.close();
    }

    @Test
    void brokenJsonHarmsNobody() {
        long seed = System.nanoTime();
        System.out.println("OpenAiIT seed " + seed);
        Random random = new Random(seed);
        String good = chat(
                "m-1",
                ",\"temperature\":0.5,\"stream\":false,\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]");
        for (int i = 0; i < 400; i++) {
            byte[] body = mutated(good.getBytes(UTF_8), random);
            String path = random.nextInt(4) == 0 ? "/embeddings" : "/chat/completions";
            Answer answer = TestHttp.post(
                    node.http("/v1" + path),
                    "application/json",
                    BodyPublishers.ofByteArray(body),
                    "Authorization",
                    "Bearer " + agent);
            assertThat(answer.status())
                    .as("seed %d, %d: %s", seed, i, new String(body, UTF_8))
                    .isIn(200, 400);
        }
        assertThat(content(ask("m-1", ""))).isEqualTo(FakeUpstream.ANSWER);
    }

    @Test
    void zerosMakeNoOtherEncodingOfABody() {
        for (String body : new String[] {"{\0\0\0\0\0\377u{", "{\0u\0", "\0\0\0{\0\0\0}", "\0{\0}"}) {
            Answer answer = TestHttp.post(
                    node.http("/v1/chat/completions"),
                    "application/json",
                    BodyPublishers.ofString(body),
                    "Authorization",
                    "Bearer " + agent);
            assertThat(answer.status()).as("%s", body).isEqualTo(400);
        }
    }

    private static byte[] mutated(byte[] body, Random random) {
        byte[] out = body.clone();
        String bits = "{}[]\",:0e-\\u\u0000";
        for (int i = random.nextInt(4); i >= 0; i--) {
            int at = random.nextInt(out.length);
            switch (random.nextInt(4)) {
                case 0 -> out[at] = (byte) random.nextInt(256);
                case 1 -> out[at] = (byte) bits.charAt(random.nextInt(bits.length()));
                case 2 -> out = Arrays.copyOf(out, Math.max(1, at));
                default -> {
                    byte[] longer = Arrays.copyOf(out, out.length + 8);
                    System.arraycopy(
                            out, at, longer, Math.min(longer.length - (out.length - at), at + 8), out.length - at);
                    out = longer;
                }
            }
        }
        return out;
    }
}
