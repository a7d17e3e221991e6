package dev.parley.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.event.AgentEvent;
import dev.parley.event.Ids;
import dev.parley.event.Position;
import dev.parley.node.TestHttp;
import dev.parley.node.TestHttp.Answer;
import dev.parley.node.TestNode;
import dev.parley.node.TestSocket;
import dev.parley.redis.Kept;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import dev.parley.support.LogWatch;
import dev.parley.support.Patience;
import io.lettuce.core.RedisClient;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpApiIT {

    private static final String AGENT = "http-agent";
    private static final int MAX_BODY = 100 * 1024;

    private static LogWatch log;
    private static TestNode node;

    private final String conversation = "http-" + Ids.random();

    @BeforeAll
    static void start() {
        log = LogWatch.open();
        node = TestNode.start("http.max-body", "100KiB", "sessions.default-agent", AGENT);
    }

    @AfterEach
    void noRequestIsTheNodesFault() {
        log.assertQuiet();
    }

    @AfterAll
    static void stop() {
        node.close();
        log.close();
    }

    private URI events() {
        return node.http("/v1/conversations/" + conversation + "/events");
    }

    private URI messages() {
        return node.http("/v1/conversations/" + conversation + "/messages");
    }

    private URI cancel() {
        return node.http("/v1/conversations/" + conversation + "/cancel");
    }

    private static Answer postNdjson(URI uri, String lines, String... headers) {
        return TestHttp.post(uri, TestHttp.NDJSON_TYPE, BodyPublishers.ofString(lines.replace('\'', '"')), headers);
    }

    private static String event(int n) {
        return "{'event':'agent.thinking','payload':{'n':" + n + "}}";
    }

    private List<JsonNode> logged() {
        return Kept.events(conversation);
    }

    private List<Map<String, String>> inbox() {
        return Kept.inbox(AGENT, conversation);
    }

    private static void assertProblem(Answer answer, int status, String code, String detail) {
        assertThat(answer.status()).as("%s", answer).isEqualTo(status);
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(answer.json().path("status").asInt()).isEqualTo(status);
        assertThat(answer.json().path("code").asText()).isEqualTo(code);
        assertThat(answer.json().path("detail").asText()).contains(detail);
    }

    // Events.

    @Test
    void anEventIsStoredAndReachesASocket() {
        try (TestSocket socket = TestSocket.welcomed(node.socket())) {
            socket.send("{'type':'subscribe','conversation':'" + conversation + "'}")
                    .next("snapshot");
            Answer answer =
                    TestHttp.postJson(events(), "{ 'event':'agent.thinking', 'payload':{ 'n':1.0 }, 'x':null }");
            assertThat(answer.status()).isEqualTo(201);
            assertThat(answer.json().path("stored").asBoolean()).isTrue();
            assertThat(answer.json().path("duplicate").asBoolean(true)).isFalse();
            String position = answer.json().path("position").asText();
            String id = answer.json().path("event_id").asText();
            JsonNode frame = socket.next();
            assertThat(frame.path("position").asText()).isEqualTo(position);
            assertThat(frame.path("event_id").asText()).isEqualTo(id);
            Kept.Entry entry = Kept.log(conversation).get(0);
            assertThat(entry.position()).isEqualTo(position);
            assertThat(entry.text())
                    .as("byte for byte, with its conversation")
                    .startsWith("{ \"event\":\"agent.thinking\", \"payload\":{\"conversation_id\":")
                    .endsWith(", \"n\":1.0 }, \"x\":null }");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'event':'a','event_id':'e1','payload':{}}", "{'event':'a','payload':{}}"})
    void anEventSentAgainUnderItsIdIsStoredOnce(String event) {
        String[] headers = event.contains("event_id") ? new String[0] : new String[] {"Idempotency-Key", "e1"};
        Answer first = TestHttp.postJson(events(), event, headers);
        Answer again = TestHttp.postJson(events(), event, headers);
        assertThat(again.status()).isEqualTo(201);
        assertThat(again.json().path("duplicate").asBoolean()).isTrue();
        assertThat(again.json().path("position")).isEqualTo(first.json().path("position"));
        assertThat(again.json().path("event_id").asText()).isEqualTo("e1");
        assertThat(logged()).hasSize(1);
    }

    @Test
    void aBatchIsStoredInOrder() {
        String lines = IntStream.range(0, 600).mapToObj(HttpApiIT::event).collect(Collectors.joining("\n"));
        Answer answer = postNdjson(events(), lines);
        assertThat(answer.status()).isEqualTo(201);
        List<String> positions = new ArrayList<>();
        answer.json()
                .path("events")
                .forEach(each -> positions.add(each.path("position").asText()));
        assertThat(positions).hasSize(600);
        for (int i = 1; i < positions.size(); i++) {
            assertThat(Position.of(positions.get(i)).isAfter(Position.of(positions.get(i - 1))))
                    .isTrue();
        }
        assertThat(logged())
                .extracting(event -> event.at("/payload/n").asInt())
                .containsExactlyElementsOf(IntStream.range(0, 600).boxed().toList());
        assertThat(Kept.log(conversation)).extracting(Kept.Entry::position).isEqualTo(positions);
    }

    @Test
    void aBatchMayHaveBlankLinesAndAnyLineEnd() {
        Answer answer = postNdjson(events(), "\r\n" + event(0) + "\r\n\n \t\n" + event(1) + "\n\n");
        assertThat(answer.json().path("events")).hasSize(2);
        assertThat(logged()).extracting(event -> event.at("/payload/n").asInt()).containsExactly(0, 1);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    {'event':'a'}                                        | bad_request | 400 | payload is missing
                    {'event':'a b','payload':{}}                         | bad_request | 400 | event must be
                    {'event':'a','payload':{'conversation_id':'other'}}  | bad_request | 400 | payload.conversation_id is other
                    {'event':'a','payload':{}} {}                        | bad_request | 400 | after its closing brace
                    nonsense                                             | bad_request | 400 | not JSON
                    []                                                   | bad_request | 400 | must be a JSON object
                    """)
    void allLinesOfABatchAreReadBeforeAnyIsStored(String bad, String code, int status, String why) {
        Answer answer = postNdjson(events(), event(0) + "\n\n" + event(1) + "\n" + bad + "\n" + event(2));
        assertProblem(answer, status, code, "line 4: ");
        assertThat(answer.json().path("detail").asText()).contains(why);
        assertThat(logged()).isEmpty();
        assertProblem(TestHttp.postJson(events(), bad), status, code, why);
        assertThat(logged()).isEmpty();
    }

    @Test
    void anEventThatIsTooLargeIsRefusedAsSuch() {
        String large = "{'event':'a','payload':{'x':'" + "x".repeat(AgentEvent.MAX_BYTES) + "'}}";
        assertProblem(TestHttp.postJson(events(), large), 413, "too_large", "at most 65536");
        assertProblem(postNdjson(events(), event(0) + "\n" + large), 413, "too_large", "line 2: ");
        assertThat(logged()).isEmpty();
    }

    @Test
    void aBatchWithoutAnyEventIsRefused() {
        assertProblem(postNdjson(events(), ""), 400, "bad_request", "no events");
        assertProblem(postNdjson(events(), "\n \n"), 400, "bad_request", "no events");
    }

    @Test
    void aBatchSentAgainUnderItsKeyAddsOnlyWhatIsNew() {
        String two = event(0) + "\n" + event(1);
        Answer first = postNdjson(events(), two, "Idempotency-Key", "batch");
        Answer again = postNdjson(events(), two, "Idempotency-Key", "batch");
        assertThat(again.status()).isEqualTo(201);
        for (int i = 0; i < 2; i++) {
            JsonNode one = again.json().path("events").path(i);
            assertThat(one.path("duplicate").asBoolean()).isTrue();
            assertThat(one.path("position"))
                    .isEqualTo(first.json().path("events").path(i).path("position"));
        }
        assertThat(logged()).hasSize(2);
        Answer longer = postNdjson(events(), two + "\n" + event(2), "Idempotency-Key", "batch");
        assertThat(longer.json().at("/events/2/duplicate").asBoolean(true)).isFalse();
        assertThat(logged()).extracting(event -> event.at("/payload/n").asInt()).containsExactly(0, 1, 2);
    }

    @Test
    void aKeyThatIsNoIdIsRefused() {
        assertProblem(
                TestHttp.postJson(events(), event(0), "Idempotency-Key", "two words"),
                400,
                "bad_request",
                "Idempotency-Key must be");
        assertProblem(
                TestHttp.postJson(messages(), "{'content':'x'}", "Idempotency-Key", "x".repeat(129)),
                400,
                "bad_request",
                "Idempotency-Key must be");
        assertProblem(
                postNdjson(events(), event(0), "Idempotency-Key", "x".repeat(127)),
                400,
                "bad_request",
                "line 1: Idempotency-Key");
        assertThat(logged()).isEmpty();
    }

    @Test
    void anAgentsIdAndAPersonsIdAreNotTheSame() {
        Answer event = TestHttp.postJson(events(), "{'event':'a','event_id':'1','payload':{}}");
        Answer message = TestHttp.postJson(messages(), "{'content':'hello','message_id':'1'}");
        assertThat(message.json().path("position")).isNotEqualTo(event.json().path("position"));
        assertThat(logged()).extracting(each -> each.path("event").asText()).containsExactly("a", "user.message");
        assertThat(inbox()).hasSize(1);
    }

    // Messages and cancels.

    @Test
    void aMessageIsLoggedAndInTheInbox() {
        Answer answer = TestHttp.postJson(
                messages(), "{'content':'Where is my order?','message_id':'m1','metadata':{'page':'/a'}}");
        assertThat(answer.status()).isEqualTo(201);
        String position = answer.json().path("position").asText();
        String expected = "{\"stored\":true,\"position\":\"" + position + "\",\"message_id\":\"m1\"}";
        assertThat(answer.body()).isEqualTo(expected);
        JsonNode event = logged().get(0);
        assertThat(event.path("event").asText()).isEqualTo("user.message");
        assertThat(event.path("event_id").asText()).isEqualTo("m1");
        assertThat(event.at("/payload/content").asText()).isEqualTo("Where is my order?");
        assertThat(event.at("/payload/metadata/page").asText()).isEqualTo("/a");
        assertThat(inbox()).hasSize(1);
        assertThat(inbox().get(0))
                .containsEntry("type", "message")
                .containsEntry("message_id", "m1")
                .containsEntry("content", "Where is my order?")
                .containsEntry("metadata", "{\"page\":\"/a\"}")
                .containsEntry("tenant_id", "default")
                .containsEntry("position", position);
    }

    @Test
    void aMessageSentAgainUnderItsKeyIsThereOnce() {
        Answer first = TestHttp.postJson(messages(), "{'content':'x'}", "Idempotency-Key", "k1");
        Answer again = TestHttp.postJson(messages(), "{'content':'x'}", "Idempotency-Key", "k1");
        assertThat(first.json().path("message_id").asText()).isEqualTo("k1");
        assertThat(again.body()).isEqualTo(first.body());
        assertThat(logged()).hasSize(1);
        assertThat(inbox()).hasSize(1);
    }

    @Test
    void aMessageWithoutAnIdGetsOne() {
        Answer first = TestHttp.postJson(messages(), "{'content':'x'}");
        Answer other = TestHttp.postJson(messages(), "{'content':'x'}");
        assertThat(Ids.valid(first.json().path("message_id").asText())).isTrue();
        assertThat(other.json().path("message_id")).isNotEqualTo(first.json().path("message_id"));
        assertThat(inbox()).hasSize(2);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    ``                                     | the body is empty
                    {}                                     | content is missing
                    {'content':5}                          | content must be a string
                    {'content':'x','message_id':'a b'}     | message_id must be
                    {'content':'x','metadata':'y'}         | metadata must be a JSON object
                    {'content':'half \\udc00'}             | content has half a surrogate pair
                    ['x']                                  | must be a JSON object
                    {'content':'x'} {}                     | after the closing brace
                    {'content'                             | not JSON
                    """)
    void aMessageThatIsNoneIsRefused(String body, String why) {
        assertProblem(TestHttp.postJson(messages(), body), 400, "bad_request", why);
        assertThat(logged()).isEmpty();
        assertThat(inbox()).isEmpty();
    }

    @Test
    void aBodyThatIsNotUtf8IsRefused() {
        byte[] body = "{\"content\":\"x?\",\"metadata\":{\"y\":\"?\"}}".getBytes(UTF_8);
        body[body.length - 4] = (byte) 0xE9;
        for (URI uri : List.of(events(), messages(), cancel())) {
            Answer answer = TestHttp.post(uri, TestHttp.JSON_TYPE, BodyPublishers.ofByteArray(body));
            assertProblem(answer, 400, "bad_request", "UTF-8");
        }
        assertThat(logged()).isEmpty();
    }

    @Test
    void aCancelIsLoggedAndInTheInboxAndOnTheControlChannel() throws InterruptedException {
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        RedisClient client = RedisClient.create(TestRedis.uri());
        try (client;
                StatefulRedisPubSubConnection<String, String> agent = client.connectPubSub()) {
            agent.addListener(new RedisPubSubAdapter<>() {
                @Override
                public void message(String channel, String message) {
                    heard.add(message);
                }
            });
            agent.sync().subscribe("control:conv:{" + conversation + "}");
            Answer unused = TestHttp.postJson(messages(), "{'content':'x'}");
            Answer answer = TestHttp.postJson(
                    cancel(),
                    "{'run':'r1','reason':'wrong \\'order\\'' }".replace("\\'", "*"),
                    "Idempotency-Key",
                    "c1");
            assertThat(answer.status()).as("%s", answer).isEqualTo(201);
            assertThat(unused.status()).isEqualTo(201);
            JsonNode control = Kept.json(
                    Objects.requireNonNull(heard.poll(Patience.ofSeconds(10).toMillis(), TimeUnit.MILLISECONDS)));
            assertThat(control.path("event").asText()).isEqualTo("user.cancel");
            assertThat(control.at("/payload/run").asText()).isEqualTo("r1");
            assertThat(control.at("/payload/reason").asText()).isEqualTo("wrong *order*");
            assertThat(logged().get(1)).isEqualTo(control);
            assertThat(inbox().get(1))
                    .containsEntry("type", "cancel")
                    .containsEntry("message_id", "c1")
                    .containsEntry("run", "r1")
                    .containsEntry("reason", "wrong *order*")
                    .containsEntry("position", answer.json().path("position").asText());
            Answer again = TestHttp.postJson(cancel(), "{'run':'r1'}", "Idempotency-Key", "c1");
            assertThat(again.body()).isEqualTo(answer.body());
            assertThat(logged()).hasSize(2);
            assertThat(inbox()).hasSize(2);
        }
    }

    @Test
    void aCancelThatIsNoneIsRefused() {
        assertProblem(TestHttp.postJson(cancel(), "{'run':'a b'}"), 400, "bad_request", "run must be");
        assertProblem(TestHttp.postJson(cancel(), "{'reason':'\\ud83d'}"), 400, "bad_request", "reason has half");
        assertProblem(TestHttp.postJson(cancel(), "{'reason':5}"), 400, "bad_request", "reason must be");
        assertThat(logged()).isEmpty();
    }

    // What HTTP itself has answers for.

    @Test
    void aBodyThatIsTooLargeIsRefusedDeclaredOrNot() {
        byte[] large = new byte[MAX_BODY + 1];
        for (URI uri : List.of(events(), messages(), cancel())) {
            assertProblem(
                    TestHttp.post(uri, TestHttp.JSON_TYPE, BodyPublishers.ofByteArray(large)),
                    413,
                    "too_large",
                    "at most " + MAX_BODY);
            assertProblem(
                    TestHttp.post(
                            uri,
                            TestHttp.JSON_TYPE,
                            BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(large))),
                    413,
                    "too_large",
                    "at most " + MAX_BODY);
        }
    }

    @Test
    void anotherTypeOfBodyIsRefused() {
        for (String type : List.of("text/plain", "application/jsonx", "application/x-www-form-urlencoded", "*/*")) {
            for (URI uri : List.of(events(), messages(), cancel())) {
                assertProblem(
                        TestHttp.post(uri, type, BodyPublishers.ofString("{\"content\":\"x\"}")),
                        415,
                        "bad_request",
                        "Content-Type must be application/json");
            }
        }
        assertProblem(
                TestHttp.send("POST", messages(), BodyPublishers.ofString("{\"content\":\"x\"}")),
                415,
                "bad_request",
                "Content-Type");
        assertProblem(
                TestHttp.post(messages(), TestHttp.NDJSON_TYPE, BodyPublishers.ofString("{\"content\":\"x\"}")),
                415,
                "bad_request",
                "Content-Type");
        assertThat(TestHttp.post(
                                messages(),
                                "Application/JSON; charset=UTF-8",
                                BodyPublishers.ofString("{\"content\":\"x\"}"))
                        .status())
                .isEqualTo(201);
    }

    @Test
    void otherMethodsAreNotAllowed() {
        for (URI uri : List.of(messages(), cancel())) {
            assertNotAllowed("GET", uri);
        }
        for (URI uri : List.of(events(), messages(), cancel())) {
            for (String method : List.of("PUT", "DELETE", "PATCH")) {
                assertNotAllowed(method, uri);
            }
        }
    }

    private static void assertNotAllowed(String method, URI uri) {
        Answer answer = TestHttp.send(method, uri, BodyPublishers.noBody());
        assertProblem(answer, 405, "bad_request", "POST");
        assertThat(answer.header("Allow")).contains("POST");
    }

    @Test
    void nothingHasAnyOtherPath() {
        for (String path : List.of(
                "/", "/v1", "/v1/conversations", "/v1/conversations/x", "/v2/ws", "/health/ready", "/metrics")) {
            assertProblem(TestHttp.get(node.http(path)), 404, "not_found", "there is no such path: see openapi.yaml");
        }
        assertProblem(
                TestHttp.postJson(node.http("/v1/conversations/x/events/"), event(0)),
                404,
                "not_found",
                "no such path");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a%20b", "%7Bx%7D", "%22", "%00", "%C3%A9", "%0A"})
    void aConversationInThePathMustBeAnId(String id) {
        for (String what : List.of("events", "messages", "cancel")) {
            assertProblem(
                    TestHttp.postJson(node.http("/v1/conversations/" + id + "/" + what), "{'content':'x'}"),
                    400,
                    "bad_request",
                    "id in the path must be");
        }
    }

    @Test
    void aConversationMayHaveASlashInItsName() {
        Answer answer = TestHttp.postJson(
                node.http("/v1/conversations/" + conversation + "%2Fpart/messages"), "{'content':'x'}");
        assertThat(answer.status()).isEqualTo(201);
        assertThat(TestRedis.commands().exists("events:conv:{" + conversation + "/part}"))
                .isEqualTo(1);
    }

    // Whose page may write.

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://evil.example",
                "null",
                "http://127.0.0.1.evil.example",
                "file://",
                "http://10.0.0.1:8080"
            })
    void aForeignPageMayNotWrite(String origin) {
        for (URI uri : List.of(events(), messages(), cancel())) {
            assertProblem(TestHttp.postJson(uri, "{'content':'x'}", "Origin", origin), 403, "forbidden", "origin");
        }
        assertThat(logged()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"http://localhost:3000", "https://localhost", "http://127.0.0.1:5173", "http://[::1]:1", "same"})
    void pagesOfThisMachineAndOfThisNodeMayWrite(String origin) {
        String page = origin.equals("same") ? "http://" + node.http("").getAuthority() : origin;
        assertThat(TestHttp.postJson(messages(), "{'content':'x'}", "Origin", page)
                        .status())
                .isEqualTo(201);
    }

    // The rest.

    @Test
    void aSocketAskedForWithoutTheUpgradeIsRefused() {
        Answer answer = TestHttp.get(node.http("/v1/ws"));
        assertProblem(answer, 426, "bad_request", "WebSocket");
        assertThat(answer.header("Upgrade")).isEqualToIgnoringCase("websocket");
        assertThat(answer.header("Sec-WebSocket-Version")).isEqualTo("13");
        assertProblem(TestHttp.postJson(node.http("/v1/ws"), "{}"), 405, "bad_request", "GET");
    }

    @Test
    void theNodeIsAliveAndReady() {
        Answer live = TestHttp.get(node.management("/health/live"));
        assertThat(live.status()).isEqualTo(200);
        assertThat(live.json().path("status").asText()).isEqualTo("up");
        Await.until(
                "it is ready",
                () -> TestHttp.get(node.management("/health/ready")).status() == 200);
        Answer ready = TestHttp.get(node.management("/health/ready"));
        assertThat(ready.json().path("ready").asBoolean()).isTrue();
        assertThat(ready.json().path("checks"))
                .isNotEmpty()
                .allSatisfy(check -> assertThat(check.asText()).isEqualTo("up"));
        assertProblem(TestHttp.get(node.management("/v1/ws")), 404, "not_found", "no such path");
    }

    @Test
    void metricsAreWhatPrometheusReads() {
        try (TestSocket socket = TestSocket.welcomed(node.socket())) {
            socket.send("{'type':'subscribe','conversation':'" + conversation + "'}")
                    .next("snapshot");
            Answer answer = TestHttp.get(node.management("/metrics"));
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.header("Content-Type")).startsWith("text/plain").contains("version=0.0.4");
            assertThat(answer.body())
                    .contains("# HELP parley_sockets ", "# TYPE parley_sockets gauge", "parley_redis_up 1.0")
                    .containsPattern("(?m)^parley_sockets [1-9][0-9.]*$")
                    .containsPattern("(?m)^parley_conversations [1-9][0-9.]*$");
            assertThat(answer.body().lines())
                    .allMatch(
                            line -> line.matches("# (HELP|TYPE) \\S+ .+") || line.matches("[a-z_]+(\\{[^}]*})? \\S+"));
        }
    }
}
