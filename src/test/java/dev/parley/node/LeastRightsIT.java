package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.node.TestHttp.Answer;
import dev.parley.postgres.TestPostgres;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.redis.TestCluster;
import dev.parley.support.Await;
import dev.parley.support.LogWatch;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** A gateway that has the rights of the line in OPERATIONS.md and no others lacks none. */
class LeastRightsIT {

    private static final String PREFIX = "app:";
    private static final String C = "c-1";
    private static final String ASKED =
            "'category':'faq','request':{'model':'m','messages':[{'role':'user','content':'What is a leap year?'}]}";

    /** The line as it stands there. */
    static String rule() {
        try {
            List<String> lines = Files.readAllLines(Path.of("src/docs/OPERATIONS.md")).stream()
                    .filter(line -> line.startsWith("user "))
                    .toList();
            assertThat(lines).hasSize(1);
            return lines.get(0);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What it says that clusters need besides. */
    private static String forClusters() {
        try {
            String text = Files.readString(Path.of("src/docs/OPERATIONS.md"));
            String from = "A cluster needs, on every node, also `";
            int begin = text.indexOf(from) + from.length();
            return text.substring(begin, text.indexOf('`', begin));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** As the default user, who may do everything. */
    private static void admin(EmbeddedRedis redis, Consumer<RedisCommands<String, String>> work) {
        RedisClient client = RedisClient.create(redis.uri());
        try {
            work.accept(client.connect().sync());
        } finally {
            client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
        }
    }

    private static void assertNothingWasRefused(EmbeddedRedis redis) {
        admin(redis, commands -> {
            assertThat(commands.aclLog()).isEmpty();
            assertThat(commands.keys("*")).isNotEmpty().allMatch(key -> key.startsWith(PREFIX));
        });
    }

    private static void awaitReady(TestNode node) {
        Await.until(
                "it is ready",
                () -> TestHttp.get(node.management("/health/ready")).status() == 200);
    }

    @CanIgnoreReturnValue
    private static JsonNode post(TestNode node, String path, String json, String... headers) {
        return ok(TestHttp.postJson(node.http(path), json, headers)).json();
    }

    @CanIgnoreReturnValue
    private static Answer ok(Answer answer) {
        assertThat(answer.status()).as("%s", answer).isBetween(200, 299);
        return answer;
    }

    @Test
    void everythingThatAGatewayDoesIsGranted() {
        String database = TestPostgres.newDatabase();
        EmbeddedRedis redis = EmbeddedRedis.start(0, List.of(rule()));
        int port = redis.port();
        try (LogWatch log = LogWatch.open();
                TestNode node = TestNode.start(
                        "redis.uri", "redis://parley:CHANGE-ME@127.0.0.1:" + port,
                        "redis.key-prefix", PREFIX,
                        "redis.probe-interval", "200ms",
                        "postgres.url", database,
                        "postgres.username", "postgres",
                        "cache.seed-tenant", "default",
                        "limits.send.events", "1000",
                        "limits.tokens.events", "1000")) {
            awaitReady(node);
            try (TestSocket socket = TestSocket.welcomed(node.socket())) {
                socket.send("{'type':'subscribe','conversation':'" + C + "'}").next("snapshot");
                events(redis, socket);
                run(node, socket);
                session(node, "s-1");
                cache(node);
                counts(node);
                audit(node);
                Await.until("it is archived", () -> node.metric("parley_archive_messages_total") > 0);
                Await.until("the audit trail is archived", () -> node.metric("parley_audit_archived_total") > 0);
                assertNothingWasRefused(redis);

                redis.stop();
                Await.until(
                        "Redis is away",
                        () -> TestHttp.get(node.management("/health/ready")).status() == 503);
                post(node, "/v1/conversations/" + C + "/events", "{'event':'agent.note','payload':{'n':7}}");
                redis = EmbeddedRedis.start(port, List.of(rule()));
                Await.until("what was queued is stored", () -> node.metric("parley_outage_replayed_total") > 0);
                awaitReady(node);
                events(redis, socket);
                run(node, socket);
                session(node, "s-2");
                assertNothingWasRefused(redis);
            }
            assertThat(log.lines()).noneMatch(line -> line.contains("NOPERM") || line.contains("Redis refuses"));
        } finally {
            redis.close();
        }
    }

    @Test
    void onAClusterTheDocumentNamesWhatIsNeededBesides() {
        try (TestCluster cluster = TestCluster.start(rule() + " " + forClusters());
                LogWatch log = LogWatch.open();
                TestNode node = TestNode.start(
                        "redis.uri",
                        cluster.uri().replace("redis-cluster://", "redis-cluster://parley:CHANGE-ME@"),
                        "redis.key-prefix",
                        PREFIX,
                        "redis.probe-interval",
                        "200ms")) {
            awaitReady(node);
            try (TestSocket socket = TestSocket.welcomed(node.socket())) {
                for (int i = 0; i < 12; i++) { // some on each master
                    String conversation = C + i;
                    socket.send("{'type':'subscribe','conversation':'" + conversation + "'}")
                            .next("snapshot");
                    socket.send("{'type':'publish','conversation':'" + conversation
                            + "','event':'agent.note','payload':{}}");
                    socket.next("event");
                    socket.send("{'type':'send','conversation':'" + conversation + "','content':'hi'}");
                    socket.next("event");
                }
                assertThat(cluster.commands()
                                .xadd(
                                        PREFIX + "agent:events:stream",
                                        Map.of("event", "agent.note", "conversation_id", C + 0)))
                        .isNotNull();
                socket.next("event");
            }
            Await.until("it reads the stream", () -> node.metric("parley_ingest_streamed_total") == 1);
            assertThat(cluster.servers())
                    .allSatisfy(
                            server -> assertThat(cluster.at(server).aclLog()).isEmpty());
            assertThat(log.lines()).noneMatch(line -> line.contains("NOPERM") || line.contains("Redis refuses"));
        }
    }

    /** By Pub/Sub and by the stream, one of them for the dead letters. */
    private static void events(EmbeddedRedis redis, TestSocket socket) {
        String payload = "{\"conversation_id\":\"" + C + "\",\"n\":1}";
        admin(redis, agent -> {
            String event = "{\"event\":\"agent.note\",\"payload\":" + payload + "}";
            Await.until("it listens", () -> agent.publish(PREFIX + "agent:events:agent.note", event) > 0);
            String stream = PREFIX + "agent:events:stream";
            assertThat(agent.xadd(stream, Map.of("no", "event"))).isNotNull();
            assertThat(agent.xadd(stream, Map.of("event", "agent.stored", "payload", payload, "event_id", "e")))
                    .isNotNull();
            Await.until("there is a dead letter", () -> agent.xlen(stream + ":dead") > 0);
        });
        String event = "";
        while (!event.equals("agent.stored")) {
            event = socket.next("event").path("event").path("event").asText();
        }
    }

    /** A message, its answer with a tool and more text than is kept, a cancel. */
    private static void run(TestNode node, TestSocket socket) {
        String events = "/v1/conversations/" + C + "/events";
        socket.send("{'type':'send','conversation':'" + C + "','content':'hi','message_id':'m-1'}");
        socket.send("{'type':'cancel','conversation':'" + C + "','message_id':'x-1'}");
        String run = "'run':'r-1','agent':'triage'";
        post(node, events, "{'event':'agent.run.started','payload':{" + run + ",'lease_ms':60000}}");
        post(node, events, "{'event':'agent.tool.started','payload':{" + run + ",'tool':'t','tool_call_id':'1'}}");
        for (int i = 0; i < 40; i++) {
            String chunk = "x".repeat(30_000);
            post(node, events, "{'event':'agent.response.streaming','payload':{" + run + ",'chunk':'" + chunk + "'}}");
        }
        try (TestSocket other = TestSocket.welcomed(node.socket())) {
            other.send("{'type':'subscribe','conversation':'" + C + "'}").next("snapshot");
        }
        post(node, events, "{'event':'agent.tool.completed','payload':{" + run + ",'tool':'t','tool_call_id':'1'}}");
        post(node, events, "{'event':'agent.handoff.completed','payload':{" + run + ",'to':'billing'}}");
        post(node, events, "{'event':'agent.run.completed','payload':{" + run + "}}");
    }

    private static void session(TestNode node, String id) {
        String session = "/v1/sessions/" + id;
        post(node, "/v1/sessions", "{'conversation':'" + id + "','agent':'triage','context':{'plan':{'tier':'pro'}}}");
        post(node, session + "/messages", "{'role':'user','content':'hi','tokens':5}", "Idempotency-Key", "m-1");
        post(node, session + "/agent", "{'agent':'billing'}");
        ok(TestHttp.send(
                "PATCH",
                node.http(session),
                BodyPublishers.ofString("{\"context\":{\"plan\":{\"seats\":3}}}"),
                "Content-Type",
                TestHttp.JSON_TYPE));
        ok(TestHttp.get(node.http(session)));
        ok(TestHttp.get(node.http(session + "/messages?max_tokens=100")));
        post(node, session + "/complete", "{}");
        ok(TestHttp.send("DELETE", node.http(session), BodyPublishers.noBody()));
    }

    private static void cache(TestNode node) {
        post(node, "/v1/cache/lookup", "{" + ASKED + "}");
        String answer = ",'response':{'choices':[{'message':{'role':'assistant','content':'It has 366 days.'},"
                + "'finish_reason':'stop'}]}";
        for (String namespace : List.of("", ",'namespace':'n'")) { // with one it is not the seed's
            String tags = namespace.isEmpty() ? "" : ",'tags':['calendar']";
            ok(TestHttp.send(
                    "PUT",
                    node.http("/v1/cache/entries"),
                    BodyPublishers.ofString(("{" + ASKED + answer + tags + namespace + "}").replace('\'', '"')),
                    "Content-Type",
                    TestHttp.JSON_TYPE));
            post(node, "/v1/cache/lookup", "{" + ASKED + namespace + "}");
            post(node, "/v1/cache/explain", "{" + ASKED + namespace + "}");
        }
        ok(TestHttp.get(node.http("/v1/cache/stats")));
        post(node, "/v1/cache/invalidate", "{'model':'m','dry_run':true}");
        post(node, "/v1/cache/invalidate", "{'tags':['calendar']}");
        post(node, "/v1/cache/invalidate", "{'all':true}");
        post(node, "/v1/cache/lookup", "{" + ASKED + "}");
    }

    private static void counts(TestNode node) {
        post(node, "/v1/agents/triage/resolutions", "{'seconds':12.5}", "Idempotency-Key", "t-1");
        ok(TestHttp.get(node.http("/v1/leaderboards/today")));
        ok(TestHttp.get(node.http("/v1/leaderboards/today?days=7")));
        post(node, "/v1/limits/tokens/take", "{'cost':1}");
        String reservation = post(node, "/v1/limits/tokens/reserve", "{'cost':20}")
                .path("reservation")
                .asText();
        post(node, "/v1/limits/tokens/settle", "{'reservation':'" + reservation + "','used':3}");
    }

    private static void audit(TestNode node) {
        post(
                node,
                "/v1/audit",
                "{'conversation':'" + C + "','agent':'triage','action':'refund','details':{}}",
                "Idempotency-Key",
                "a-1");
        ok(TestHttp.get(node.http("/v1/audit?conversation=" + C)));
        assertThat(ok(TestHttp.get(node.http("/v1/audit/verify?conversation=" + C)))
                        .json()
                        .path("valid")
                        .asBoolean())
                .isTrue();
        ok(TestHttp.get(node.http("/v1/audit/export?conversation=" + C)));
    }
}
