package dev.parley.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.api.Operation;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp.Answer;
import dev.parley.redis.Kept;
import dev.parley.support.LogWatch;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What no client should send, at every operation on sessions, trails, leaderboards and limits, over HTTP and by {@code call}. */
class HostileInputIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> ABOUT = List.of("session.", "audit.", "leaderboard.", "limits.");
    private static final List<String> BAD_IDS = List.of(
            "{a}",
            "a{b",
            "a}b",
            "a b",
            "a\nb",
            "a\r\nb",
            "a\0b",
            "a\"b",
            "a\\b",
            "ä",
            "",
            "x".repeat(129),
            "x".repeat(300));
    private static final int MAX_FRAME = 128 * 1024;

    /**
     * @param json what is asked, all of it fine
     * @param ids those of its fields that are ids
     */
    private record Case(String operation, String json, List<String> ids) {

        static Case of(String operation, String json, String... ids) {
            return new Case(operation, json.replace('\'', '"'), List.of(ids));
        }

        ObjectNode with(String field, String value) {
            return fields().put(field, value);
        }

        ObjectNode fields() {
            return (ObjectNode) Kept.json(json.replace("?", Ids.random()));
        }

        @Override
        public String toString() {
            return operation;
        }
    }

    static Stream<Case> cases() {
        return Stream.of(
                Case.of("session.create", "{'conversation':'?'}", "conversation", "tenant", "agent", "idempotency_key"),
                Case.of("session.get", "{'id':'?'}", "id"),
                Case.of("session.update", "{'id':'?','context':{'a':1}}", "id", "idempotency_key"),
                Case.of("session.delete", "{'id':'?'}", "id", "idempotency_key"),
                Case.of("session.append", "{'id':'?','content':'x'}", "id", "agent", "message_id", "idempotency_key"),
                Case.of("session.messages", "{'id':'?'}", "id"),
                Case.of("session.handoff", "{'id':'?','agent':'a'}", "id", "agent", "idempotency_key"),
                Case.of("session.complete", "{'id':'?'}", "id", "idempotency_key"),
                Case.of("session.fork", "{'id':'?','seq':0}", "id", "conversation", "idempotency_key"),
                Case.of(
                        "audit.append",
                        "{'conversation':'?','action':'a'}",
                        "conversation",
                        "agent",
                        "action",
                        "idempotency_key"),
                Case.of("audit.read", "{'conversation':'?'}", "conversation"),
                Case.of("audit.verify", "{'conversation':'?'}", "conversation"),
                Case.of("leaderboard.record", "{'name':'?','seconds':1}", "name", "idempotency_key"),
                Case.of("leaderboard.top", "{'date':'today'}", "date"),
                Case.of("limits.take", "{'name':'tokens','key':'?'}", "name", "key", "idempotency_key"),
                Case.of("limits.reserve", "{'name':'tokens','key':'?','cost':1}", "name", "key", "idempotency_key"),
                Case.of(
                        "limits.settle",
                        "{'name':'tokens','key':'?','reservation':'r','used':1}",
                        "name",
                        "key",
                        "reservation"));
    }

    private static LogWatch log;
    private static TestNode node;

    @BeforeAll
    static void start() {
        log = LogWatch.open();
        node = TestNode.start("limits.tokens.events", "100000", "websocket.max-frame", Integer.toString(MAX_FRAME));
    }

    @AfterEach
    void noneOfItIsTheNodesFault() {
        log.assertQuiet();
    }

    @AfterAll
    static void stop() {
        node.close();
        log.close();
    }

    private static Operation operation(Case one) {
        return operations()
                .filter(each -> each.name().equals(one.operation()))
                .findFirst()
                .orElseThrow();
    }

    private static Stream<Operation> operations() {
        return node.gateway().operations().stream();
    }

    @Test
    void everyOperationIsTried() {
        assertThat(cases().map(Case::operation))
                .containsExactlyInAnyOrderElementsOf(operations()
                        .map(Operation::name)
                        .filter(name -> ABOUT.stream().anyMatch(name::startsWith))
                        .toList());
    }

    /** Path, query and body as the operation has them. */
    private static Answer ask(Operation operation, ObjectNode fields) {
        String path = operation.template();
        ObjectNode rest = fields.deepCopy();
        for (Map.Entry<String, JsonNode> field : fields.properties()) {
            String brace = "{" + field.getKey() + "}";
            if (path.contains(brace)) {
                path = path.replace(brace, encoded(field.getValue().asText()));
                rest.remove(field.getKey());
            }
        }
        boolean writes = !operation.method().name().equals("GET");
        String query = writes
                ? ""
                : rest.properties().stream()
                        .map(field ->
                                field.getKey() + "=" + encoded(field.getValue().asText()))
                        .collect(Collectors.joining("&", "?", ""));
        return TestHttp.send(
                operation.method().name(),
                node.http(path + query),
                writes ? BodyPublishers.ofString(rest.toString()) : BodyPublishers.noBody(),
                "Content-Type",
                TestHttp.JSON_TYPE);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, UTF_8).replace("+", "%20");
    }

    /** A problem that says what must be otherwise. */
    private static void assertNamed(Answer answer, String field, String value) {
        assertThat(answer.status()).as("%s=%s: %s", field, value, answer).isEqualTo(400);
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(answer.json().path("detail").asText()).startsWith(field + " must be");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anIdThatIsNoneIsNamedOverHttp(Case one) {
        Operation operation = operation(one);
        for (String id : one.ids()) {
            boolean inPath = operation.template().contains("{" + id + "}");
            // Without it the path is another one.
            Predicate<String> possible = bad -> !(inPath && bad.isEmpty());
            BAD_IDS.stream().filter(possible).forEach(bad -> assertNamed(ask(operation, one.with(id, bad)), id, bad));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anIdThatIsNoneIsNamedByCall(Case one) {
        try (TestSocket socket = TestSocket.welcomed(node.socket())) {
            for (String id : one.ids()) {
                for (String bad : BAD_IDS) {
                    JsonNode error = called(socket, one, one.with(id, bad));
                    assertThat(error.path("type").asText())
                            .as("%s=%s: %s", id, bad, error)
                            .isEqualTo("error");
                    assertThat(error.path("code").asText()).isEqualTo("bad_request");
                    assertThat(error.path("message").asText()).startsWith(id + " must be");
                }
            }
        }
    }

    private static JsonNode called(TestSocket socket, Case one, ObjectNode params) {
        ObjectNode call =
                JSON.createObjectNode().put("type", "call").put("ref", 1).put("method", one.operation());
        call.set("params", params);
        socket.socket().sendText(call.toString(), true).join();
        return socket.next();
    }

    /** Colons and the rest of what ids may have, up to their length, mean nothing to anybody. */
    @ParameterizedTest
    @MethodSource("cases")
    void anIdThatIsOneIsTaken(Case one) {
        String odd = ":a:b::" + Ids.random() + "/%2F*?[]!~'`$&=+;,@#|<>^()_-.";
        for (String id : one.ids()) {
            if (List.of("name", "date", "tenant").contains(id)) {
                continue;
            }
            for (String good : List.of(odd, "x".repeat(128 - odd.length()) + odd)) {
                Answer answer = ask(operation(one), one.with(id, good));
                assertThat(answer.status()).as("%s=%s: %s", id, good, answer).isIn(200, 201, 204, 404, 409, 410);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aBodyThatIsNoTextOrTooLongIsRefused(Case one) {
        Operation operation = operation(one);
        if (operation.method().name().equals("GET")) {
            return;
        }
        URI uri = node.http(operation.template().replaceAll("\\{[^}]+}", "a"));
        for (byte[] bad : new byte[][] {
            {'{', '"', (byte) 0xFF, '"', ':', '1', '}'},
            {'{', '"', (byte) 0xC0, (byte) 0x80, '"', ':', '1', '}'},
            {'{', '"', (byte) 0xED, (byte) 0xA0, (byte) 0x80, '"', ':', '1', '}'}
        }) {
            Answer answer = TestHttp.send(
                    operation.method().name(),
                    uri,
                    BodyPublishers.ofByteArray(bad),
                    "Content-Type",
                    TestHttp.JSON_TYPE);
            assertThat(answer.status()).as("%s", answer).isEqualTo(400);
            assertThat(answer.json().path("detail").asText()).isEqualTo("the body is not valid UTF-8");
        }
        ObjectNode large = one.fields().put("content", "x".repeat(1 << 20));
        Answer answer = ask(operation, large);
        assertThat(answer.status()).as("%s", answer).isEqualTo(413);
        assertThat(answer.json().path("code").asText()).isEqualTo("too_large");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whatIsTooLongForAFrameEndsTheSocketAndNothingElse(Case one) {
        try (TestSocket socket = TestSocket.welcomed(node.socket());
                TestSocket other = TestSocket.welcomed(node.socket())) {
            ObjectNode call =
                    JSON.createObjectNode().put("type", "call").put("ref", 1).put("method", one.operation());
            call.set("params", one.fields().put("content", "x".repeat(1 << 20)));
            // It may be closed before it has sent all of it.
            var unused = socket.socket().sendText(call.toString(), true);
            assertThat(socket.closeCode()).isEqualTo(1009);
            assertThat(other.send("{'type':'ping'}").next().path("type").asText())
                    .isEqualTo("pong");
        }
    }

    @Test
    void halfASurrogatePairIsRefusedByCall() {
        try (TestSocket socket = TestSocket.welcomed(node.socket())) {
            cases().forEach(one -> {
                String params = one.fields().toString();
                String call = "{\"type\":\"call\",\"ref\":1,\"method\":\"" + one.operation() + "\",\"params\":"
                        + params.substring(0, params.length() - 1) + ",\"x\":\"\\ud800\"}}";
                socket.socket().sendText(call, true).join();
                JsonNode error = socket.next("error");
                assertThat(error.path("code").asText()).isEqualTo("bad_request");
                assertThat(error.path("message").asText()).contains("half a surrogate pair");
            });
        }
    }
}
