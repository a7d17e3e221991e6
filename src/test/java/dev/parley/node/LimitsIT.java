package dev.parley.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.auth.Role;
import dev.parley.auth.TokenMint;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp.Answer;
import dev.parley.redis.Kept;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import io.lettuce.core.Range;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.WebSocketHandshakeException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The gateway's own limits, at its doors. Each node has keys of its own. */
class LimitsIT {

    private static final String SECRET = "a secret of more than thirty-two bytes";

    private final String prefix = "limits-" + Ids.random() + ":";
    private final String conversation = "limited";

    private TestNode node(String... settings) {
        List<String> all = new ArrayList<>(List.of("redis.key-prefix", prefix));
        all.addAll(List.of(settings));
        return TestNode.start(all.toArray(String[]::new));
    }

    private TestNode nodeWithTokens(String... settings) {
        List<String> all = new ArrayList<>(List.of("auth.mode", "jwt", "auth.jwt.secret", SECRET));
        all.addAll(List.of(settings));
        return node(all.toArray(String[]::new));
    }

    private static String token(String subject) {
        return new TokenMint(SECRET.getBytes(UTF_8), Clock.systemUTC())
                .mint(subject, "acme", Set.of(Role.values()), Set.of("*"), Duration.ofHours(1));
    }

    private URI at(TestNode node, String what) {
        return node.http("/v1/conversations/" + conversation + "/" + what);
    }

    private String publish(int n) {
        return "{'type':'publish','ref':" + n + ",'conversation':'" + conversation
                + "','event':'agent.note','event_id':'e" + n + "','payload':{'n':" + n + "}}";
    }

    private List<Integer> logged() {
        return TestRedis.commands().xrange(prefix + "events:conv:{" + conversation + "}", Range.unbounded()).stream()
                .map(entry -> Kept.json(Objects.requireNonNull(entry.getBody().get("e")))
                        .at("/payload/n")
                        .asInt(-1))
                .toList();
    }

    /** What a server says to somebody who would open a WebSocket and may not. */
    private static HttpResponse<?> refused(Supplier<TestSocket> open) {
        try (TestSocket unexpected = open.get()) {
            throw new AssertionError("it was opened: " + unexpected.next());
        } catch (CompletionException e) {
            return ((WebSocketHandshakeException) Objects.requireNonNull(e.getCause())).getResponse();
        }
    }

    @Test
    void aMessageTooManyIsRefusedOverHttpAndOnASocket() {
        try (TestNode node = node("limits.send.events", "3", "limits.send.period", "1h");
                TestSocket socket = TestSocket.welcomed(node.socket())) {
            Answer first = TestHttp.postJson(at(node, "messages"), "{'content':'1'}");
            assertThat(first.status()).as("%s", first).isEqualTo(201);
            assertThat(first.header("RateLimit")).startsWith("\"send\";r=2;t=");
            assertThat(first.header("RateLimit-Policy")).isEqualTo("\"send\";q=3;w=3600");
            for (int ref = 0; ref < 3; ref++) {
                socket.send("{'type':'send','ref':" + ref + ",'conversation':'" + conversation
                        + "','content':'x','message_id':'m" + ref + "'}");
            }
            assertThat(socket.next("ok").path("ref").asInt()).isEqualTo(0);
            assertThat(socket.next("ok").path("ref").asInt()).isEqualTo(1);
            JsonNode error = socket.next("error");
            assertThat(error.path("ref").asInt()).isEqualTo(2);
            assertThat(error.path("code").asText()).isEqualTo("rate_limited");
            assertThat(error.path("retry_ms").asInt()).isBetween(1_190_000, 1_200_000);
            Answer last = TestHttp.postJson(at(node, "messages"), "{'content':'4'}");
            assertThat(last.status()).as("%s", last).isEqualTo(429);
            assertThat(last.json().path("code").asText()).isEqualTo("rate_limited");
            assertThat(last.header("RateLimit")).startsWith("\"send\";r=0;t=");
            assertThat(Integer.parseInt(last.header("Retry-After"))).isBetween(1_190, 1_200);
            // Who stops an answer is not counted.
            socket.send("{'type':'cancel','ref':9,'conversation':'" + conversation + "'}");
            assertThat(socket.next("ok").path("ref").asInt()).isEqualTo(9);
            assertThat(TestRedis.commands().xlen(prefix + "messages:conv:{" + conversation + "}"))
                    .isEqualTo(3);
            assertThat(node.metric("parley_limits_taken_total")).isEqualTo(3);
            assertThat(node.metric("parley_limits_refused_total")).isEqualTo(2);
            assertThat(node.metric("parley_limits_alone_total")).isZero();
        }
    }

    @Test
    void eventsAreCountedForTheirConversationAndABatchByItsLines() {
        try (TestNode node = node(
                "limits.publish.events", "10", "limits.publish.period", "1h", "limits.publish.per", "conversation")) {
            String lines = IntStream.range(0, 8)
                    .mapToObj(n -> "{\"event\":\"agent.note\",\"payload\":{\"n\":" + n + "}}")
                    .collect(Collectors.joining("\n"));
            Answer batch = TestHttp.post(at(node, "events"), TestHttp.NDJSON_TYPE, BodyPublishers.ofString(lines));
            assertThat(batch.status()).as("%s", batch).isEqualTo(201);
            assertThat(batch.header("RateLimit")).startsWith("\"publish\";r=2;t=");
            Answer again = TestHttp.post(at(node, "events"), TestHttp.NDJSON_TYPE, BodyPublishers.ofString(lines));
            assertThat(again.status()).as("%s", again).isEqualTo(429);
            Answer tooMany = TestHttp.post(
                    at(node, "events"), TestHttp.NDJSON_TYPE, BodyPublishers.ofString(lines + "\n" + lines));
            assertThat(tooMany.status()).as("%s", tooMany).isEqualTo(400);
            assertThat(tooMany.json().path("detail").asText()).contains("a cost of 16", "allows 10 at a time");
            assertThat(TestHttp.postJson(at(node, "events"), "{'event':'a','payload':{'n':8}}")
                            .status())
                    .isEqualTo(201);
            try (TestSocket socket = TestSocket.welcomed(node.socket())) {
                socket.send("{'type':'publish','ref':1,'conversation':'" + conversation
                                + "','event':'agent.note','durable':false,'payload':{}}")
                        .next("ok");
                assertThat(socket.send(publish(2)).next("error").path("code").asText())
                        .isEqualTo("rate_limited");
                socket.send("{'type':'publish','ref':3,'conversation':'another','event':'a','payload':{}}")
                        .next("ok");
            }
            assertThat(logged())
                    .containsExactlyElementsOf(IntStream.range(0, 9).boxed().toList());
        }
    }

    @Test
    void whatASocketPublishesStaysInOrder() {
        int events = 500;
        try (TestNode node = node("limits.publish.events", "450", "limits.publish.period", "1h");
                TestSocket socket = TestSocket.welcomed(node.socket())) {
            for (int n = 0; n < events; n++) {
                socket.send(publish(n));
            }
            int refused = 0;
            for (int n = 0; n < events; n++) {
                refused += socket.next().path("type").asText().equals("error") ? 1 : 0;
            }
            assertThat(refused).isEqualTo(50);
            assertThat(logged()).hasSize(450).isSorted();
        }
    }

    @Test
    void aSocketTooManyOfAnAddressIsRefusedBeforeItOpens() {
        try (TestNode node = node(
                        "limits.connect.events", "2", "limits.connect.period", "1h", "limits.connect.per", "address");
                TestSocket one = TestSocket.welcomed(node.socket());
                TestSocket two = TestSocket.welcomed(node.socket())) {
            HttpResponse<?> refused = refused(() -> TestSocket.open(node.socket()));
            assertThat(refused.statusCode()).isEqualTo(429);
            assertThat(refused.headers().firstValue("Retry-After"))
                    .hasValueSatisfying(
                            seconds -> assertThat(Integer.parseInt(seconds)).isBetween(1_790, 1_800));
            assertThat(refused.headers().firstValue("RateLimit").orElse("")).startsWith("\"connect\";r=0;t=");
            one.send("{'type':'subscribe','conversation':'" + conversation + "'}")
                    .next("snapshot");
            two.send("{'type':'ping'}").next("pong");
        }
    }

    @Test
    void behindAProxyItIsTheClientsAddressThatCounts() {
        try (TestNode node = nodeWithTokens(
                "http.proxies",
                "1",
                "limits.send.events",
                "1",
                "limits.send.period",
                "1h",
                "limits.send.per",
                "address")) {
            String[] statuses = new String[4];
            String[] from = {"192.0.2.1", "192.0.2.2", "192.0.2.2, 192.0.2.1", "198.51.100.1, 192.0.2.3"};
            for (int i = 0; i < from.length; i++) {
                statuses[i] = String.valueOf(TestHttp.postJson(
                                at(node, "messages"),
                                "{'content':'x'}",
                                "X-Forwarded-For",
                                from[i],
                                "Authorization",
                                "Bearer " + token("anna"))
                        .status());
            }
            assertThat(statuses).containsExactly("201", "201", "429", "201");
        }
    }

    @Test
    void whoComesTooOftenIsRefusedByName() {
        try (TestNode node = nodeWithTokens("limits.connect.events", "1", "limits.connect.period", "1h");
                TestSocket anna = TestSocket.authorized(node.socket(), token("anna"))) {
            anna.next("welcome");
            assertThat(refused(() -> TestSocket.authorized(node.socket(), token("anna")))
                            .statusCode())
                    .isEqualTo(429);
            try (TestSocket bob = TestSocket.authorized(node.socket(), token("bob"))) {
                bob.next("welcome");
            }
        }
    }

    @Test
    void whoSaysLaterWhoTheyAreIsRefusedThen() {
        try (TestNode node = nodeWithTokens("limits.connect.events", "1", "limits.connect.period", "1h");
                TestSocket first = TestSocket.open(node.socket());
                TestSocket second = TestSocket.open(node.socket())) {
            String auth = "{'type':'auth','ref':1,'token':'" + token("anna") + "'}";
            first.send(auth).next("welcome");
            second.send(auth);
            JsonNode error = second.next("error");
            assertThat(error.path("code").asText()).isEqualTo("rate_limited");
            int retry = error.path("retry_ms").asInt();
            assertThat(retry).isBetween(3_590_000, 3_600_000);
            JsonNode goodbye = second.next("goodbye");
            assertThat(goodbye.path("code").asInt()).isEqualTo(3013);
            assertThat(goodbye.path("retry_ms").path(0).asInt()).isEqualTo(retry);
            assertThat(second.closeCode()).isEqualTo(3013);
            // To renew a token is not to come again.
            first.send(auth).next("ok");
            first.send("{'type':'ping'}").next("pong");
        }
    }

    @Test
    void whileRedisIsAwayANodeCountsAloneAndGoesOn() {
        Relay network = Relay.to(URI.create(TestRedis.uri()));
        try (TestNode node = node(
                        "redis.uri",
                        "redis://127.0.0.1:" + network.port(),
                        "limits.publish.events",
                        "5",
                        "limits.publish.period",
                        "1h",
                        "limits.connect.events",
                        "5",
                        "limits.connect.period",
                        "1h");
                TestSocket socket = TestSocket.welcomed(node.socket())) {
            for (int n = 0; n < 5; n++) {
                assertThat(socket.send(publish(n)).next("ok").path("stored").asBoolean())
                        .isTrue();
            }
            assertThat(socket.send(publish(99)).next("error").path("code").asText())
                    .isEqualTo("rate_limited");
            network.cut();
            Await.until("the gate opens", () -> node.metric("parley_redis_up") == 0);
            for (int n = 5; n < 10; n++) {
                assertThat(socket.send(publish(n)).next("ok").path("queued").asBoolean())
                        .isTrue();
            }
            assertThat(socket.send(publish(99)).next("error").path("code").asText())
                    .isEqualTo("rate_limited");
            try (TestSocket late = TestSocket.welcomed(node.socket())) {
                late.send("{'type':'ping'}").next("pong");
            }
            assertThat(node.metric("parley_limits_alone_total")).isEqualTo(7);
            network.mend();
            Await.until("the gate closes", () -> node.metric("parley_redis_up") == 1);
            Await.until("all is in the log", () -> logged().size() == 10);
            assertThat(logged()).isSorted();
            assertThat(socket.send(publish(99)).next("error").path("code").asText())
                    .isEqualTo("rate_limited");
        } finally {
            network.close();
        }
    }

    @Test
    void withoutALimitNobodyIsCounted() {
        try (TestNode node = node();
                TestSocket socket = TestSocket.welcomed(node.socket())) {
            Set<String> types = new HashSet<>();
            for (int n = 0; n < 50; n++) {
                types.add(socket.send(publish(n)).next().path("type").asText());
            }
            assertThat(types).containsExactly("ok");
            Answer answer = TestHttp.postJson(at(node, "messages"), "{'content':'x'}");
            assertThat(answer.status()).isEqualTo(201);
            assertThat(answer.header("RateLimit")).isEmpty();
            assertThat(TestRedis.commands().keys(prefix + "ratelimit:*")).isEmpty();
        }
    }
}
