package dev.parley.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.auth.Role;
import dev.parley.auth.TokenMint;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp;
import dev.parley.node.TestHttp.Answer;
import dev.parley.node.TestNode;
import dev.parley.node.TestSocket;
import dev.parley.postgres.TestPostgres;
import dev.parley.redis.Kept;
import dev.parley.redis.Keys;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import dev.parley.support.LogWatch;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class AuditApiIT {

    private static final String SECRET = "a secret of more than thirty-two bytes";

    private static LogWatch log;
    private static TestNode node;

    private final String tenant = "t-" + Ids.random();
    private final String conversation = "audit-" + Ids.random();

    @BeforeAll
    static void start() {
        log = LogWatch.open();
        node = TestNode.start(
                "auth.mode",
                "jwt",
                "auth.jwt.secret",
                SECRET,
                "audit.key",
                "another secret of more than thirty-two bytes",
                "audit.max-entries",
                "100",
                "postgres.url",
                TestPostgres.newDatabase(),
                "postgres.username",
                "postgres");
    }

    @AfterEach
    void nothingWentWrongInTheNode() {
        log.assertQuiet();
    }

    @AfterAll
    static void stop() {
        node.close();
        log.close();
    }

    private static String token(String tenant) {
        return new TokenMint(SECRET.getBytes(UTF_8), Clock.systemUTC())
                .mint("anna", tenant, Set.of(Role.values()), Set.of("*"), Duration.ofHours(1));
    }

    private static String[] with(String token, String... headers) {
        List<String> all = new ArrayList<>(List.of("Authorization", "Bearer " + token));
        all.addAll(List.of(headers));
        return all.toArray(String[]::new);
    }

    private Answer append(String json, String... headers) {
        return TestHttp.postJson(node.http("/v1/audit"), json, with(token(tenant), headers));
    }

    private Answer get(String path) {
        return TestHttp.get(node.http(path), with(token(tenant)));
    }

    private String body(int n) {
        return "{'conversation':'" + conversation + "','agent':'triage','action':'tool.called','details':{'n':" + n
                + ",'a':1.50}}";
    }

    @Test
    void anAgentAppendsReadsVerifiesAndExports() {
        // Not sooner than PostgreSQL is there: the first entry of a trail is chained to what that has.
        Await.until(
                "the first entry is taken",
                () -> append(body(1), "Idempotency-Key", "k1").status() < 300);
        Answer again = append(body(1), "Idempotency-Key", "k1");
        assertThat(again.status()).as("%s", again).isEqualTo(200);
        assertThat(again.json().path("seq").asLong()).isEqualTo(1);
        assertThat(again.json().path("duplicate").asBoolean()).isTrue();
        Answer second = append(body(2));
        assertThat(second.status()).isEqualTo(201);
        assertThat(second.json().path("seq").asLong()).isEqualTo(2);
        assertThat(second.json().path("mac").asText()).hasSize(43);

        JsonNode page =
                get("/v1/audit?conversation=" + conversation + "&limit=1").json();
        assertThat(page.path("entries").size()).isEqualTo(1);
        JsonNode entry = page.path("entries").get(0);
        assertThat(entry.path("seq").asLong()).isEqualTo(2);
        assertThat(entry.path("agent").asText()).isEqualTo("triage");
        assertThat(entry.path("details").path("n").asInt()).isEqualTo(2);
        assertThat(page.path("next").asLong()).isEqualTo(2);
        JsonNode rest =
                get("/v1/audit?conversation=" + conversation + "&before=2").json();
        assertThat(rest.path("entries").size()).isEqualTo(1);
        assertThat(rest.path("next").isNull()).isTrue();
        JsonNode oldest =
                get("/v1/audit?conversation=" + conversation + "&order=oldest").json();
        assertThat(oldest.path("entries").get(0).path("seq").asLong()).isEqualTo(1);

        JsonNode verdict = get("/v1/audit/verify?conversation=" + conversation).json();
        assertThat(verdict.path("valid").asBoolean()).as("%s", verdict).isTrue();
        assertThat(verdict.path("entries").asLong()).isEqualTo(2);
        assertThat(verdict.path("keyed").asBoolean()).isTrue();

        for (int n = 3; n <= 700; n++) {
            assertThat(append(body(n)).status()).isEqualTo(201);
        }
        Answer export = get("/v1/audit/export?conversation=" + conversation);
        assertThat(export.status()).isEqualTo(200);
        assertThat(export.header("Content-Type")).isEqualTo("application/x-ndjson");
        assertThat(export.body()
                        .lines()
                        .map(Kept::json)
                        .map(line -> line.path("seq").asLong()))
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, 700).boxed().toList());
    }

    @Test
    void whatIsWrongIsSaid() {
        assertThat(append("{'action':'did'}").status()).isEqualTo(400);
        assertThat(append("{'conversation':'a b','action':'did'}").status()).isEqualTo(400);
        assertThat(append("{'conversation':'c','action':'did','details':[]}").status())
                .isEqualTo(400);
        assertThat(append("{'conversation':'c','action':'did','details':{'a':'" + "x".repeat(32 * 1024) + "'}}")
                        .status())
                .isEqualTo(413);
        assertThat(get("/v1/audit?conversation=c&limit=0").status()).isEqualTo(400);
        assertThat(get("/v1/audit?conversation=c&order=sideways").status()).isEqualTo(400);
        assertThat(get("/v1/audit/export?conversation=a%20b").status()).isEqualTo(400);
        assertThat(TestHttp.get(node.http("/v1/audit/export?conversation=c")).status())
                .isEqualTo(401);
    }

    private List<JsonNode> entries(String query) {
        List<JsonNode> entries = new ArrayList<>();
        get("/v1/audit" + query).json().path("entries").forEach(entries::add);
        return entries;
    }

    @Test
    void theGatewayNotesWhatPeopleDoAndWhatTheyAreKeptFrom() {
        try (TestSocket socket = TestSocket.authorized(node.socket(), token(tenant))) {
            assertThat(socket.next().path("type").asText()).isEqualTo("welcome");
            socket.send("{'type':'send','ref':1,'conversation':'" + conversation
                    + "','content':'hello','message_id':'m1'}");
            assertThat(socket.next().path("type").asText()).isEqualTo("ok");
            socket.send("{'type':'cancel','ref':2,'conversation':'" + conversation + "'}");
            assertThat(socket.next().path("type").asText()).isEqualTo("ok");
            Await.until(
                    "both are noted",
                    () -> entries("?conversation=" + conversation).size() == 2);
            List<JsonNode> noted = entries("?order=oldest&conversation=" + conversation);
            assertThat(noted.get(0).path("action").asText()).isEqualTo("message.sent");
            assertThat(noted.get(0).path("agent").asText()).isEqualTo("anna");
            assertThat(noted.get(0).path("details").path("message_id").asText()).isEqualTo("m1");
            assertThat(noted.get(1).path("action").asText()).isEqualTo("run.cancelled");

            socket.send(
                    "{'type':'call','ref':3,'method':'audit.verify','params':{'conversation':'" + conversation + "'}}");
            JsonNode called = socket.next();
            assertThat(called.path("result").path("valid").asBoolean())
                    .as("%s", called)
                    .isTrue();
        }

        String intruder = "t-" + Ids.random();
        String[] theirs = with(token(intruder));
        String path = "/v1/conversations/" + conversation;
        assertThat(TestHttp.postJson(node.http(path + "/messages"), "{'content':'hi'}", theirs)
                        .status())
                .isEqualTo(404);
        assertThat(TestHttp.postJson(node.http(path + "/cancel"), "{}", theirs).status())
                .isEqualTo(404);
        assertThat(TestHttp.postJson(node.http(path + "/events"), "{'event':'agent.thinking','payload':{}}", theirs)
                        .status())
                .isEqualTo(404);
        assertThat(TestHttp.get(node.http("/v1/audit?conversation=" + conversation), theirs)
                        .status())
                .isEqualTo(404);
        assertThat(TestHttp.get(node.http("/v1/audit/export?conversation=" + conversation), theirs)
                        .status())
                .isEqualTo(404);
        try (TestSocket socket = TestSocket.authorized(node.socket(), token(intruder))) {
            assertThat(socket.next().path("type").asText()).isEqualTo("welcome");
            socket.send("{'type':'subscribe','ref':1,'conversation':'" + conversation + "'}");
            assertThat(socket.next().path("code").asText()).isEqualTo("not_found");
        }
        Set<String> attempts = Set.of("send", "cancel", "publish", "audit.read", "audit.export", "subscribe");
        Await.until("all attempts are noted", () -> {
            JsonNode own = TestHttp.get(node.http("/v1/audit"), theirs).json().path("entries");
            return own.findValuesAsText("attempt").containsAll(attempts) && own.size() == attempts.size();
        });
        assertThat(entries("?conversation=" + conversation))
                .as("nothing of it is in the owner's")
                .hasSize(2);
    }

    private Answer ask(String token, String method, String path, String json) {
        return TestHttp.send(
                method,
                node.http(path),
                BodyPublishers.ofString(json.replace('\'', '"')),
                with(token, "Content-Type", TestHttp.JSON_TYPE));
    }

    /** Each operation on a session, as somebody who has nothing to do with it. */
    private void assertNotedWhenKeptFromTheSession() {
        String intruder = "t-" + Ids.random();
        String session = "/v1/sessions/" + conversation;
        String create = "{'conversation':'" + conversation + "'}";
        record Attempt(String what, String method, String path, String json) {}
        List<Attempt> attempts = List.of(
                new Attempt("session.create", "POST", "/v1/sessions", create),
                new Attempt("session.get", "GET", session, ""),
                new Attempt("session.update", "PATCH", session, "{'context':{'a':1}}"),
                new Attempt("session.append", "POST", session + "/messages", "{'content':'hi'}"),
                new Attempt("session.messages", "GET", session + "/messages", ""),
                new Attempt("session.handoff", "POST", session + "/agent", "{'agent':'billing'}"),
                new Attempt("session.complete", "POST", session + "/complete", "{}"),
                new Attempt("session.fork", "POST", session + "/fork", "{'seq':1}"),
                new Attempt("session.delete", "DELETE", session, "{}"));
        for (Attempt each : attempts) {
            Answer answer = ask(token(intruder), each.method(), each.path(), each.json());
            assertThat(answer.status()).as("%s: %s", each, answer).isEqualTo(404);
        }
        List<String> noted = new ArrayList<>();
        Await.until("all attempts are noted", () -> {
            noted.clear();
            noted.addAll(TestHttp.get(node.http("/v1/audit"), with(token(intruder)))
                    .json()
                    .path("entries")
                    .findValuesAsText("attempt"));
            return noted.size() >= attempts.size();
        });
        assertThat(noted)
                .containsExactlyInAnyOrderElementsOf(
                        attempts.stream().map(Attempt::what).toList());
    }

    @Test
    void whoIsKeptFromASessionIsNotedWhereverTheSessionIs() {
        Await.until("PostgreSQL is reached", () -> node.metric("parley_postgres_up") == 1);
        String session = "/v1/sessions/" + conversation;
        assertThat(ask(token(tenant), "POST", "/v1/sessions", "{'conversation':'" + conversation + "'}")
                        .status())
                .isEqualTo(201);
        assertThat(ask(token(tenant), "POST", session + "/messages", "{'content':'hi'}")
                        .status())
                .isEqualTo(201);

        assertNotedWhenKeptFromTheSession();

        Await.until("it is archived", () -> {
            var state = TestRedis.commands().hgetall(Keys.DEFAULT.session(conversation));
            return state.containsKey("archived") && state.get("archived").equals(state.get("version"));
        });
        TestRedis.commands()
                .keys("*{" + conversation + "}*")
                .forEach(key -> TestRedis.commands().del(key));
        assertNotedWhenKeptFromTheSession();
    }
}
