package dev.parley.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp;
import dev.parley.node.TestHttp.Answer;
import dev.parley.node.TestNode;
import dev.parley.node.TestSocket;
import dev.parley.postgres.TestPostgres;
import dev.parley.redis.Keys;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.Charset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sessions over HTTP and by call, in a node with PostgreSQL. */
class SessionApiIT {

    private static TestNode node;

    private final String id = "s-" + Ids.random();

    @BeforeAll
    static void start() {
        node = TestNode.start("postgres.url", TestPostgres.newDatabase(), "postgres.username", "postgres");
        // Until then nobody can say that a session does not exist.
        Await.until("PostgreSQL is reached", () -> node.metric("parley_postgres_up") == 1);
    }

    @AfterAll
    static void stop() {
        node.close();
    }

    private static Answer send(String method, String path, String json, String... headers) {
        return TestHttp.send(method, node.http(path), BodyPublishers.ofString(json), with(headers));
    }

    private static String[] with(String... headers) {
        String[] all = new String[headers.length + 2];
        System.arraycopy(headers, 0, all, 0, headers.length);
        all[headers.length] = "Content-Type";
        all[headers.length + 1] = TestHttp.JSON_TYPE;
        return all;
    }

    private static Answer post(String path, String json, String... headers) {
        return send("POST", path, json, headers);
    }

    private static void assertNotFound(String session) {
        Answer answer = TestHttp.get(node.http("/v1/sessions/" + session));
        assertThat(answer.status()).as("%s", answer).isEqualTo(404);
    }

    private void created() {
        assertThat(post("/v1/sessions", "{\"conversation\":\"" + id + "\"}").status())
                .isEqualTo(201);
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-16BE", "UTF-16LE", "UTF-16", "UTF-32BE", "UTF-32LE"})
    void aBodyInAnotherEncodingIsRefused(String encoding) {
        byte[] body = ("{\"conversation\":\"" + id + "\"}").getBytes(Charset.forName(encoding));
        Answer answer = TestHttp.send("POST", node.http("/v1/sessions"), BodyPublishers.ofByteArray(body), with());
        assertThat(answer.status()).as("%s", answer).isEqualTo(400);
        assertThat(answer.json().path("detail").asText()).startsWith("the body is not ");
        assertNotFound(id);
    }

    @Test
    void aSessionsLifeOverHttp() {
        Answer made = post(
                "/v1/sessions",
                "{\"conversation\":\"" + id + "\",\"agent\":\"triage\",\"context\":{\"plan\":{\"tier\":1.50}}}");
        assertThat(made.status()).isEqualTo(201);
        assertThat(made.json().path("status").asText()).isEqualTo("active");
        assertThat(post("/v1/sessions", "{\"conversation\":\"" + id + "\"}").status())
                .isEqualTo(409);

        Answer first = post("/v1/sessions/" + id + "/messages", "{\"role\":\"user\",\"content\":\"hi\",\"tokens\":4}");
        assertThat(first.status()).isEqualTo(201);
        assertThat(first.json().path("seq").asInt()).isOne();
        assertThat(post("/v1/sessions/" + id + "/messages", "{\"content\":\"no\"}", "If-Match", "0")
                        .status())
                .isEqualTo(409);
        assertThat(post(
                                "/v1/sessions/" + id + "/messages",
                                "{\"content\":\"yes\"}",
                                "If-Match",
                                "\"1\"",
                                "Idempotency-Key",
                                "k1-" + id)
                        .status())
                .isEqualTo(201);
        Answer again = post("/v1/sessions/" + id + "/messages", "{\"content\":\"yes\"}", "Idempotency-Key", "k1-" + id);
        assertThat(again.status()).isEqualTo(200);
        assertThat(again.json().path("seq").asInt()).isEqualTo(2);

        assertThat(send("PATCH", "/v1/sessions/" + id, "{\"context\":{\"plan\":{\"seats\":3}}}")
                        .status())
                .isEqualTo(200);
        assertThat(post("/v1/sessions/" + id + "/agent", "{\"agent\":\"billing\"}")
                        .status())
                .isEqualTo(200);
        JsonNode session = TestHttp.get(node.http("/v1/sessions/" + id)).json();
        assertThat(session.path("current_agent").asText()).isEqualTo("billing");
        assertThat(session.path("context").toString()).isEqualTo("{\"plan\":{\"tier\":1.5,\"seats\":3}}");
        assertThat(session.path("source").asText()).isEqualTo("live");
        JsonNode window = TestHttp.get(node.http("/v1/sessions/" + id + "/messages?last=1"))
                .json();
        assertThat(window.path("messages").size()).isOne();
        assertThat(window.path("messages").path(0).path("content").asText()).isEqualTo("yes");

        assertThat(post("/v1/sessions/" + id + "/complete", "").status()).isEqualTo(200);
        assertThat(post("/v1/sessions/" + id + "/messages", "{\"content\":\"late\"}")
                        .status())
                .isEqualTo(410);
        assertThat(send("DELETE", "/v1/sessions/" + id, "").status()).isEqualTo(204);
        assertThat(TestHttp.get(node.http("/v1/sessions/" + id)).status()).isEqualTo(410);
        assertNotFound("none-" + id);
    }

    @Test
    void theSameBySocketAndWhoFollowsSeesIt() {
        created();
        try (TestSocket socket = TestSocket.welcomed(node.socket())) {
            socket.send("{'type':'subscribe','conversation':'" + id + "'}");
            socket.next("subscribed");
            socket.next("snapshot");
            socket.send("{'type':'call','ref':7,'method':'session.append','params':{'id':'" + id
                    + "','role':'user','content':[{'type':'text','text':'hello'}]}}");
            // The answer and the event come in either order.
            Map<String, JsonNode> frames = Stream.generate(socket::next)
                    .limit(2)
                    .collect(Collectors.toUnmodifiableMap(
                            frame -> frame.path("type").asText(), frame -> frame));
            assertThat(frames).containsOnlyKeys("event", "ok");
            JsonNode event = Objects.requireNonNull(frames.get("event")).path("event");
            assertThat(event.path("event").asText()).isEqualTo("session.message");
            assertThat(event.path("payload").path("seq").asInt()).isOne();
            JsonNode ok = Objects.requireNonNull(frames.get("ok"));
            assertThat(ok.path("ref").asInt()).isEqualTo(7);
            assertThat(ok.path("result").path("seq").asInt()).isOne();
            socket.send("{'type':'call','ref':8,'method':'session.messages','params':{'id':'" + id + "','last':5}}");
            assertThat(socket.next("ok")
                            .path("result")
                            .path("messages")
                            .path(0)
                            .path("content")
                            .path(0)
                            .path("text")
                            .asText())
                    .isEqualTo("hello");
            socket.send("{'type':'call','ref':9,'method':'session.nothing'}");
            JsonNode error = socket.next("error");
            assertThat(error.path("code").asText()).isEqualTo("bad_request");
            assertThat(error.path("message").asText()).contains("session.get");
        }
    }

    @Test
    void whatASocketSaysIsArchivedAndComesBack() {
        try (TestSocket socket = TestSocket.welcomed(node.socket())) {
            socket.send("{'type':'send','conversation':'" + id + "','content':'one'}");
            socket.next("ok");
            awaitArchived();
            TestRedis.commands()
                    .keys("*{" + id + "}*")
                    .forEach(key -> TestRedis.commands().del(key));
            JsonNode archived = TestHttp.get(node.http("/v1/sessions/" + id)).json();
            assertThat(archived.path("source").asText()).isEqualTo("archive");
            try (TestSocket joining = TestSocket.welcomed(node.socket())) {
                joining.send("{'type':'subscribe','conversation':'" + id + "'}");
                assertThat(joining.next("snapshot").path("messages").findValuesAsText("content"))
                        .containsExactly("one");
            }
            socket.send("{'type':'send','conversation':'" + id + "','content':'two'}");
            socket.next("ok");
            JsonNode back = TestHttp.get(node.http("/v1/sessions/" + id + "/messages?after=0"))
                    .json();
            assertThat(back.path("source").asText()).isEqualTo("live");
            assertThat(back.path("messages").findValuesAsText("content")).containsExactly("one", "two");
            assertThat(back.path("messages").findValuesAsText("seq")).containsExactly("1", "2");
        }
    }

    private void awaitArchived() {
        Await.until("it is archived", () -> {
            var session = TestRedis.commands().hgetall(Keys.DEFAULT.session(id));
            return session.containsKey("archived") && session.get("archived").equals(session.get("version"));
        });
    }

    @Test
    void aToolsResultMayAnswerACallOfAnyId() {
        created();
        for (String call : List.of("call_7__thought__" + "Ab1_".repeat(225), "", "a b {☕}")) {
            assertThat(post(
                                    "/v1/sessions/" + id + "/messages",
                                    "{\"role\":\"tool\",\"content\":\"x\",\"tool_call_id\":\"" + call + "\"}")
                            .status())
                    .isEqualTo(201);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            {'role':'robot','content':'x'}                              | 400 | role must be one of
            {'role':'user'}                                             | 400 | content is missing
            {'role':'user','content':7}                                 | 400 | content must be
            {'role':'user','content':[{'text':'x'}]}                    | 400 | content must be
            {'role':'tool','content':'x'}                               | 400 | tool_call_id is missing
            {'role':'tool','content':'x','tool_call_id':'a\\u0001'}      | 400 | tool_call_id must be a string of at most 2048 bytes
            {'role':'user','content':'x','tool_calls':[{'id':'a'}]}     | 400 | tool_calls must be
            {'content':'x','tokens':-1}                                 | 400 | tokens must be
            {'content':'x','tokens':1.5}                                | 400 | tokens must be
            {'content':'x','agent':'a b'}                               | 400 | agent
            {'content':'x','content':'y'}                               | 400 | not JSON
            ['x']                                                       | 400 | must be a JSON object
            {'content':'\\ud800'}                                       | 400 | half a surrogate pair
            """)
    void whatCantBeAppendedIsNamed(String body, int status, String why) {
        created();
        Answer answer = post("/v1/sessions/" + id + "/messages", body.replace('\'', '"'));
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.json().path("detail").asText()).contains(why);
    }

    @Test
    void whatIsTooLargeOrNoTextIsRefused() {
        created();
        String large = "{\"content\":\"" + "x".repeat(1 << 20) + "\"}";
        assertThat(post("/v1/sessions/" + id + "/messages", large).status()).isEqualTo(413);
        Answer bytes = TestHttp.send(
                "POST",
                node.http("/v1/sessions/" + id + "/messages"),
                BodyPublishers.ofByteArray(new byte[] {'{', '"', (byte) 0xFF, '"', ':', '1', '}'}),
                with());
        assertThat(bytes.status()).isEqualTo(400);
        assertThat(bytes.json().path("detail").asText()).contains("UTF-8");
        for (String bad : new String[] {"a%7Bb%7D", "a%0Ab", "x".repeat(300)}) {
            assertThat(TestHttp.get(node.http("/v1/sessions/" + bad)).status()).isEqualTo(400);
        }
        assertNotFound("a:b");
    }
}
