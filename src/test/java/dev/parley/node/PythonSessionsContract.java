package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp.Answer;
import dev.parley.support.Await;
import io.lettuce.core.Range;
import io.lettuce.core.cluster.api.sync.RedisClusterCommands;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sessions as the original Python code writes them become Parley's when their conversation is first touched. */
interface PythonSessionsContract {

    TestNode node();

    /** At the same Redis. */
    TestNode other();

    /** A client of that Redis. */
    RedisClusterCommands<String, String> commands();

    private String conversation() {
        return "python-" + Ids.random();
    }

    private static String plain(String c) {
        return "session:conv:" + c;
    }

    private static String braced(String kind, String c) {
        return kind + ":conv:{" + c + "}";
    }

    default String messages(int count) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(i -> "{\"role\": \"" + (i % 2 == 1 ? "user" : "assistant") + "\", \"content\": \"caf\\u00e9 "
                        + i + "\"}")
                .collect(Collectors.joining(", ", "[", "]"));
    }

    /** {@code hset(key, mapping={…})} and {@code json.dumps}. */
    default void create(String key, String tenant, String messages) {
        commands()
                .hset(
                        key,
                        Map.of(
                                "tenant_id", tenant,
                                "current_agent", "billing",
                                "status", "active",
                                "turn_count", "7",
                                "token_count", "1234",
                                "started_at", "2026-11-23T08:00:00.250000",
                                "last_activity", "1795420831.5",
                                "context", "{\"plan\": {\"tier\": \"pro\", \"price\": 9.90}, \"open\": true}",
                                "messages", messages));
        commands().expire(key, 7_200);
    }

    private Answer get(String path) {
        return TestHttp.get(node().http("/v1/sessions/" + path));
    }

    private Answer send(String c, String content) {
        return TestHttp.postJson(
                node().http("/v1/conversations/" + c + "/messages"), "{\"content\":\"" + content + "\"}");
    }

    default void requireImported(String c) {
        Answer answer = get(c);
        assertThat(answer.status()).as("%s", answer).isEqualTo(200);
        JsonNode session = answer.json();
        assertThat(session.path("current_agent").asText()).isEqualTo("billing");
        assertThat(session.path("status").asText()).isEqualTo("active");
        assertThat(session.path("token_count").asInt()).isEqualTo(1234);
        assertThat(session.path("started_at").asText()).isEqualTo("2026-11-23T08:00:00.250Z");
        assertThat(answer.body()).contains("\"plan\":{\"tier\":\"pro\",\"price\":9.90}");
        assertThat(session.path("context").path("open").asBoolean()).isTrue();
    }

    private List<String> said(String c) {
        List<String> contents = new ArrayList<>();
        get(c + "/messages")
                .json()
                .path("messages")
                .forEach(one -> contents.add(one.path("content").asText()));
        return contents;
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "braced"})
    default void aSessionReadIsImported(String form) {
        for (int i = 0; i < 6; i++) { // so that on a cluster the two keys are on different masters
            String c = conversation();
            create(form.equals("plain") ? plain(c) : braced("session", c), "default", messages(4));
            requireImported(c);
            assertThat(get(c).json().path("turn_count").asInt()).isEqualTo(7);
            assertThat(get(c).json().path("message_count").asInt()).isEqualTo(4);
            assertThat(said(c)).containsExactly("café 1", "café 2", "café 3", "café 4");
            if (form.equals("plain")) {
                assertThat(commands().hget(plain(c), "messages")).isEqualTo(messages(4));
                assertThat(commands().hexists(plain(c), "parley_imported_at")).isTrue();
                assertThat(commands().ttl(plain(c))).isBetween(1L, 7_200L);
            } else {
                String kept = "imported:" + braced("session", c);
                assertThat(commands().hget(kept, "messages")).isEqualTo(messages(4));
                assertThat(commands().ttl(kept)).isBetween(1L, 7_200L);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "braced"})
    default void aMessageSentGoesOnInIt(String form) {
        String c = conversation();
        create(form.equals("plain") ? plain(c) : braced("session", c), "default", messages(3));
        Answer sent = send(c, "and now?");
        assertThat(sent.status()).as("%s", sent).isBetween(200, 202);
        assertThat(said(c)).containsExactly("café 1", "café 2", "café 3", "and now?");
        requireImported(c);
        assertThat(get(c).json().path("turn_count").asInt()).isEqualTo(8);
        assertThat(commands().xrange("agent:inbox:billing", Range.unbounded()).stream()
                        .filter(entry -> c.equals(entry.getBody().get("conversation_id"))))
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "braced"})
    default void whoSubscribesSeesIt(String form) {
        String c = conversation();
        create(form.equals("plain") ? plain(c) : braced("session", c), "default", messages(3));
        try (TestSocket socket = TestSocket.welcomed(node().socket())) {
            JsonNode snapshot = socket.send("{'type':'subscribe','conversation':'" + c + "'}")
                    .next("snapshot");
            assertThat(snapshot.path("messages")).hasSize(3);
            assertThat(snapshot.path("session").path("current_agent").asText()).isEqualTo("billing");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "braced"})
    default void whatAnAgentAppendsByAStreamComesBehindIt(String form) {
        String c = conversation();
        create(form.equals("plain") ? plain(c) : braced("session", c), "default", messages(2));
        for (String event : List.of("agent.response.streaming", "agent.run.completed")) {
            Map<String, String> fields =
                    new HashMap<>(Map.of("event", event, "conversation_id", c, "agent", "billing", "run", "r-1"));
            if (event.endsWith("streaming")) {
                fields.put("chunk", "Paid.");
            }
            assertThat(commands().xadd("agent:events:stream", fields)).isNotNull();
        }
        Await.until("the answer is there", () -> said(c).equals(List.of("café 1", "café 2", "Paid.")));
        requireImported(c);
    }

    @Test
    default void keysOfTheirOwnForMessagesAndContextAreImportedWithIt() {
        String c = conversation();
        create(braced("session", c), "default", "[]");
        commands().hdel(braced("session", c), "messages", "context");
        commands()
                .rpush(
                        braced("messages", c),
                        "{\"role\": \"user\", \"content\": \"one\", \"tokens\": 3}",
                        "{\"role\": \"assistant\", \"content\": null, \"tool_calls\": [{\"id\": \"t-1\"}]}");
        commands().set(braced("context", c), "{\"plan\": {\"tier\": \"pro\", \"price\": 9.90}, \"open\": true}");
        requireImported(c);
        assertThat(said(c)).containsExactly("one", "");
        assertThat(commands().llen("imported:" + braced("messages", c))).isEqualTo(2);
        assertThat(commands().ttl("imported:" + braced("context", c))).isBetween(1L, 7 * 86_400L);
    }

    @Test
    default void itIsImportedOnceWhoeverComesFirst() throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(8);
        try {
            for (String form : List.of("plain", "braced")) {
                String c = conversation();
                create(form.equals("plain") ? plain(c) : braced("session", c), "default", messages(5));
                List<CompletableFuture<Answer>> answers = IntStream.range(0, 16)
                        .mapToObj(i -> CompletableFuture.supplyAsync(
                                () -> TestHttp.postJson(
                                        (i % 2 == 0 ? node() : other()).http("/v1/conversations/" + c + "/messages"),
                                        "{\"content\":\"n\"}"),
                                callers))
                        .toList();
                for (CompletableFuture<Answer> answer : answers) {
                    assertThat(answer.get().status()).as("%s", answer.get()).isBetween(200, 202);
                }
                assertThat(said(c)).hasSize(5 + 16).startsWith("café 1", "café 2", "café 3", "café 4", "café 5");
                assertThat(get(c).json().path("turn_count").asInt()).isEqualTo(7 + 16);
            }
        } finally {
            callers.shutdownNow();
        }
    }

    @Test
    default void whoComesWhileItIsImportedIsAnsweredAsWhoComesAfterwards() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(12);
        try {
            for (int round = 0; round < 40; round++) {
                String c = conversation();
                create(round % 2 == 0 ? plain(c) : braced("session", c), "default", messages(3));
                List<CompletableFuture<Answer>> reads = IntStream.range(0, 24)
                        .mapToObj(i -> CompletableFuture.supplyAsync(
                                () -> TestHttp.get((i % 2 == 0 ? node() : other()).http("/v1/sessions/" + c)), pool))
                        .toList();
                for (CompletableFuture<Answer> read : reads) {
                    assertThat(read.get().status()).as("%s", read.get()).isEqualTo(200);
                }
            }
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    default void whatWasImportedDoesNotComeBackWhenItsSessionHasGone() {
        String c = conversation();
        create(plain(c), "default", messages(2));
        requireImported(c);
        for (String kind : List.of("session", "messages", "context", "meta")) {
            commands().del(braced(kind, c));
        }
        assertThat(send(c, "again").status()).isBetween(200, 202);
        assertThat(said(c)).doesNotContain("café 1").contains("again");
    }

    @Test
    default void whatAConversationSaidBeforeComesBehindItsSession() {
        String c = conversation();
        Answer answer = TestHttp.post(
                node().http("/v1/conversations/" + c + "/events"), TestHttp.NDJSON_TYPE, BodyPublishers.ofString("""
                        {"event":"agent.response.streaming","payload":{"agent":"a","run":"r","chunk":"Hi"}}
                        {"event":"agent.run.completed","payload":{"agent":"a","run":"r"}}
                        """));
        assertThat(answer.status()).isEqualTo(201);
        create(plain(c), "default", messages(1));
        assertThat(send(c, "who?").status()).isBetween(200, 202);
        assertThat(said(c)).containsExactly("café 1", "Hi", "who?");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[{\"role\": \"user\", \"content\": NaN}]",
                "{\"role\": \"user\"}",
                "[{\"role\": \"narrator\", \"content\": \"x\"}]",
                "[{\"role\": \"user\", \"content\": 7}]",
                "[{\"role\": \"user\", \"content\": \"\\ud83d\"}]"
            })
    default void oddMessagesAreRefusedWithTheirReasonAndStayAsTheyAre(String messages) {
        String c = conversation();
        create(braced("session", c), "default", messages);
        for (Answer answer : List.of(get(c), send(c, "hello"))) {
            assertThat(answer.status()).as("%s", answer).isEqualTo(409);
            assertThat(answer.body()).contains("session:conv:{" + c + "}", "messages");
        }
        assertThat(commands().hget(braced("session", c), "messages")).isEqualTo(messages);
    }

    @ParameterizedTest
    @ValueSource(strings = {"session", "messages", "context", "meta", "events", "run"})
    default void anythingElseUnderAKeyIsAConflictAndNeverUnavailable(String kind) {
        String c = conversation();
        commands().rpush(braced(kind, c), "x");
        Answer sent = send(c, "hello");
        assertThat(sent.status()).as("%s", sent).isEqualTo(kind.equals("run") ? 201 : 409);
        Answer ended = TestHttp.postJson(
                node().http("/v1/conversations/" + c + "/events"),
                "{\"event\":\"agent.run.completed\",\"payload\":{\"agent\":\"a\",\"run\":\"r\",\"content\":\"Hi\"}}");
        assertThat(ended.status()).as("%s", ended).isEqualTo(409);
        assertThat(ended.body()).contains(braced(kind, c));
        try (TestSocket socket = TestSocket.welcomed(node().socket())) {
            JsonNode error = socket.send("{'type':'subscribe','ref':4,'conversation':'" + c + "'}")
                    .next("error");
            assertThat(error.path("code").asText()).isEqualTo("conflict");
            assertThat(error.path("temporary").asBoolean()).isFalse();
        }
        assertThat(commands().lrange(braced(kind, c), 0, -1)).containsExactly("x");
    }

    @Test
    default void aRunsEndThatCanNotBeStoredIsRefusedAsAWholeAndAcceptedLater() {
        String c = conversation();
        String events = "/v1/conversations/" + c + "/events";
        assertThat(TestHttp.postJson(
                                node().http(events),
                                "{\"event\":\"agent.response.streaming\",\"payload\":{\"agent\":\"a\",\"run\":\"r\",\"chunk\":\"Hi\"}}")
                        .status())
                .isEqualTo(201);
        commands().rpush(braced("messages", c), "x");
        String end = "{\"event\":\"agent.run.completed\",\"payload\":{\"agent\":\"a\",\"run\":\"r\"}}";
        long before = commands().xlen(braced("events", c));
        Answer refused = TestHttp.postJson(node().http(events), end);
        assertThat(refused.status()).as("%s", refused).isEqualTo(409);
        assertThat(refused.body()).contains(braced("messages", c) + " holds a list");
        assertThat(commands().xlen(braced("events", c))).isEqualTo(before);
        assertThat(commands().del(braced("messages", c))).isEqualTo(1);
        assertThat(TestHttp.postJson(node().http(events), end).status()).isEqualTo(201);
        assertThat(commands().xrange(braced("messages", c), Range.unbounded()))
                .singleElement()
                .satisfies(entry -> assertThat(entry.getBody()).containsEntry("content", "\"Hi\""));
    }
}
