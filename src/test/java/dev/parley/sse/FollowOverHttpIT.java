package dev.parley.sse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.auth.Principal;
import dev.parley.auth.Role;
import dev.parley.auth.TokenMint;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp;
import dev.parley.node.TestHttp.Answer;
import dev.parley.node.TestNode;
import dev.parley.support.Await;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Conversations followed as server-sent events and by long polling, over real connections. */
class FollowOverHttpIT {

    private static final String SECRET = "a secret of more than thirty-two bytes";
    private static TestNode node;

    private final String tenant = "tenant-" + Ids.random();
    private final String conversation = "http-" + Ids.random();
    private final String agent = token(tenant, Role.AGENT, Duration.ofHours(1));
    private final String user = token(tenant, Role.USER, Duration.ofHours(1));

    @BeforeAll
    static void start() {
        node = start("one");
    }

    private static TestNode start(String name, String... more) {
        List<String> settings = new ArrayList<>(List.of(
                "node",
                name,
                "auth.mode",
                "jwt",
                "auth.jwt.secret",
                SECRET,
                "sse.heartbeat",
                "200ms",
                "resume.limit-bytes",
                "64MiB",
                "log.max-bytes",
                "64MiB"));
        settings.addAll(List.of(more));
        return TestNode.start(settings.toArray(String[]::new));
    }

    @AfterAll
    static void stop() {
        node.close();
    }

    private static String token(String tenant, Role role, Duration lifetime) {
        return new TokenMint(SECRET.getBytes(UTF_8), Clock.systemUTC())
                .mint("somebody", tenant, Set.of(role), Set.of(Principal.ANY), lifetime);
    }

    private URI events(String query) {
        return node.http("/v1/conversations/" + conversation + "/events" + query);
    }

    private TestEvents open(String query, String... headers) throws Exception {
        List<String> all = new ArrayList<>(List.of("Authorization", "Bearer " + user));
        all.addAll(List.of(headers));
        return TestEvents.open(events(query), all.toArray(String[]::new));
    }

    private Answer poll(String query, String... headers) {
        List<String> all = new ArrayList<>(List.of("Authorization", "Bearer " + user, "Accept", "application/json"));
        all.addAll(List.of(headers));
        return TestHttp.get(events(query), all.toArray(String[]::new));
    }

    @CanIgnoreReturnValue
    private String publish(int number) {
        return publish("{\"event\":\"agent.note\",\"payload\":{\"n\":" + number + "}}");
    }

    @CanIgnoreReturnValue
    private String publish(String json) {
        Answer stored = TestHttp.post(
                events(""), "application/json", BodyPublishers.ofString(json), "Authorization", "Bearer " + agent);
        assertThat(stored.status()).isEqualTo(201);
        return stored.json().path("position").asText();
    }

    private void publishAll(int from, int to, String text) {
        String lines = IntStream.range(from, to)
                .mapToObj(n -> "{\"event\":\"agent.note\",\"payload\":{\"n\":" + n + ",\"text\":\"" + text + "\"}}")
                .collect(Collectors.joining("\n"));
        Answer stored = TestHttp.post(
                events(""), "application/x-ndjson", BodyPublishers.ofString(lines), "Authorization", "Bearer " + agent);
        assertThat(stored.status()).isEqualTo(201);
    }

    private static int number(JsonNode frame) {
        return frame.path("event").path("payload").path("n").asInt();
    }

    @Test
    void aStreamBeginsWithTheSnapshotAndGoesOnWhereItsClientWas() throws Exception {
        String first = publish(1);
        String last;
        try (TestEvents events = open("")) {
            assertThat(events.response().statusCode()).isEqualTo(200);
            assertThat(events.response().headers().firstValue("Content-Type")).hasValue("text/event-stream");
            assertThat(events.response().headers().firstValue("X-Accel-Buffering"))
                    .hasValue("no");
            assertThat(events.next("subscribed").id()).isEmpty();
            assertThat(events.next("snapshot").id()).isEqualTo(first);
            String second = publish(2);
            TestEvents.Received event = events.next("event");
            assertThat(event.id())
                    .isEqualTo(second)
                    .isEqualTo(event.frame().path("position").asText());
            assertThat(number(event.frame())).isEqualTo(2);
            last = events.lastId();
        }
        publish(3);
        publish(4);
        // A browser asks for the same address again.
        try (TestEvents events = open("?since=0", "Last-Event-ID", last)) {
            assertThat(events.next("subscribed").frame().path("resumed").asBoolean())
                    .isTrue();
            assertThat(events.next("event", 2))
                    .extracting(event -> number(event.frame()))
                    .containsExactly(3, 4);
            publish(5);
            assertThat(number(events.next("event").frame())).isEqualTo(5);
        }
    }

    @Test
    void aGapIsToldWithTheSnapshotThatReplacesWhatTheClientHas() throws Exception {
        String position = publish(1);
        try (TestEvents events = open("?since=99999999999999-0")) {
            JsonNode subscribed = events.next("subscribed").frame();
            assertThat(subscribed.path("resumed").asBoolean()).isFalse();
            assertThat(subscribed.path("gap").path("reason").asText()).isEqualTo("future");
            assertThat(events.next("snapshot").id()).isEqualTo(position);
        }
    }

    @Test
    void anEventWithLineBreaksIsOneEvent() throws Exception {
        try (TestEvents events = open("")) {
            events.next("subscribed");
            events.next("snapshot");
            publish("{\n  \"event\": \"agent.note\",\r\n  \"payload\": {\n    \"n\": 7, \"text\": \"a\\nb\"\n  }\n}");
            JsonNode event = events.next("event").frame();
            assertThat(number(event)).isEqualTo(7);
            assertThat(event.path("event").path("payload").path("text").asText())
                    .isEqualTo("a\nb");
        }
    }

    @Test
    void commentsKeepASilentStreamOpen() throws Exception {
        try (TestEvents events = open("")) {
            events.next("subscribed");
            assertThat(events.retry()).isEqualTo("1000");
            Await.until("there are comments", () -> events.comments() > 3);
        }
    }

    @Test
    void whatIsRefusedIsAProblem() throws Exception {
        publish(1);
        String stranger = token("other-" + tenant, Role.USER, Duration.ofHours(1));
        assertThat(TestHttp.get(events(""), "Authorization", "Bearer " + stranger))
                .satisfies(answer -> assertThat(answer.status()).isEqualTo(404))
                .satisfies(answer -> assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json"));
        assertThat(TestHttp.get(events("")).status()).isEqualTo(401);
        assertThat(TestHttp.get(events(""), "Authorization", "Bearer " + user, "Accept", "image/png")
                        .status())
                .isEqualTo(406);
        assertThat(poll("?wait=61").body()).contains("wait must be a number of seconds from 0 to 60");
        assertThat(poll("?wait=soon").status()).isEqualTo(400);
        Await.until("nobody follows any more", () -> node.metric("parley_http_followers") == 0);
    }

    @Test
    void headSaysWhatGetWouldBe() {
        Answer head = TestHttp.send(
                "HEAD", events(""), BodyPublishers.noBody(), "Authorization", "Bearer " + user, "Accept", "*/*");
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.header("Content-Type")).isEqualTo("text/event-stream");
    }

    @Test
    void aStreamEndsWithItsToken() throws Exception {
        // It is accepted for 30 s more, since clocks differ.
        Clock slow = Clock.offset(Clock.systemUTC(), Duration.ofSeconds(-29));
        String brief = new TokenMint(SECRET.getBytes(UTF_8), slow)
                .mint("somebody", tenant, Set.of(Role.USER), Set.of(Principal.ANY), Duration.ofSeconds(3));
        try (TestEvents events = TestEvents.open(events(""), "Authorization", "Bearer " + brief)) {
            events.next("subscribed");
            events.next("snapshot");
            assertThat(events.next("goodbye").frame().path("code").asInt()).isEqualTo(3005);
            Await.until("the stream has ended", events::ended);
        }
        assertThat(TestHttp.get(events(""), "Authorization", "Bearer " + brief).status())
                .isEqualTo(401);
    }

    @Test
    void aNodeThatStopsTellsStreamsToComeBack() throws Exception {
        try (TestNode stopping = start("two", "shutdown.drain", "1s");
                TestEvents events = TestEvents.open(
                        stopping.http("/v1/conversations/" + conversation + "/events"),
                        "Authorization",
                        "Bearer " + user)) {
            events.next("subscribed");
            events.next("snapshot");
            CompletableFuture<Boolean> stopped = CompletableFuture.supplyAsync(stopping::stop);
            assertThat(events.next("goodbye").frame().path("code").asInt()).isEqualTo(3001);
            assertThat(events.retry()).isEqualTo("0");
            Await.until("the stream has ended", events::ended);
            assertThat(stopped.get()).isTrue();
        }
    }

    @Test
    void aSlowReaderIsCutOffAndMissesNothing() throws Exception {
        String text = "x".repeat(20_000);
        int count = 800;
        String since = publish(0);
        try (Socket slow = new Socket()) {
            slow.setReceiveBufferSize(8 * 1024);
            slow.connect(new InetSocketAddress(
                    InetAddress.getLoopbackAddress(), events("").getPort()));
            slow.getOutputStream()
                    .write(("GET /v1/conversations/" + conversation
                                    + "/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + user
                                    + "\r\nAccept: text/event-stream\r\n\r\n")
                            .getBytes(UTF_8));
            Await.until("it follows", () -> node.metric("parley_http_followers") == 1);
            for (int n = 1; n <= count; n += 40) {
                publishAll(n, n + 40, text);
            }
            Await.until("it is cut off", () -> node.metric("parley_http_followers") == 0);
        }
        List<Integer> numbers = new ArrayList<>();
        String position = since;
        while (numbers.size() < count) {
            JsonNode page = poll("?wait=1&since=" + position).json();
            assertThat(page.path("frames").get(0).path("resumed").asBoolean()).isTrue();
            page.path("frames").forEach(frame -> {
                if (frame.path("type").asText().equals("event")) {
                    numbers.add(number(frame));
                }
            });
            position = page.path("position").asText();
        }
        assertThat(numbers).isEqualTo(IntStream.rangeClosed(1, count).boxed().toList());
    }

    @Test
    void aPollAnswersWithTheSnapshotThenWithWhatHasComeAndWaitsForMore() throws Exception {
        String first = publish(1);
        JsonNode page = poll("").json();
        assertThat(page.path("position").asText()).isEqualTo(first);
        assertThat(page.path("frames"))
                .extracting(frame -> frame.path("type").asText())
                .containsExactly("subscribed", "snapshot");
        assertThat(poll("?wait=0&since=" + first).status()).isEqualTo(204);

        CompletableFuture<Answer> waiting = CompletableFuture.supplyAsync(() -> poll("?wait=20&since=" + first));
        Await.until("it follows", () -> node.metric("parley_http_followers") == 1);
        String second = publish(2);
        JsonNode answer = waiting.get().json();
        assertThat(answer.path("position").asText()).isEqualTo(second);
        assertThat(number(answer.path("frames").get(1))).isEqualTo(2);
    }

    @Test
    void pagesOfPollsHaveEachEventOnce() {
        String position = publish(0);
        int count = 900;
        for (int n = 1; n <= count; n += 100) {
            publishAll(n, n + 100, "x".repeat(1_000));
        }
        List<Integer> numbers = new ArrayList<>();
        while (numbers.size() < count) {
            JsonNode page = poll("?wait=1&since=" + position).json();
            page.path("frames").forEach(frame -> {
                if (frame.path("type").asText().equals("event")) {
                    numbers.add(number(frame));
                }
            });
            position = page.path("position").asText();
        }
        assertThat(numbers).isEqualTo(IntStream.rangeClosed(1, count).boxed().toList());
    }
}
