package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.event.Ids;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.support.Await;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A durable stream is trimmed past its reader: everybody who follows anything is told, on every node, once. */
class TrimmedStreamIT {

    private static final String STREAM = "agent:events:stream";
    private static final String LOST = "streams:lost";
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final String conversation = "trimmed-" + Ids.random();
    private final String idle = "idle-" + Ids.random();
    private final EmbeddedRedis redis = EmbeddedRedis.start();
    private final RedisClient client = RedisClient.create(redis.uri());
    private final RedisCommands<String, String> commands = client.connect().sync();

    @AfterEach
    void close() {
        client.shutdown();
        redis.close();
    }

    private TestNode node(String name, String checkInterval) {
        return TestNode.start(
                "redis.uri", redis.uri(), "node", name, "ingest.lease", "1s", "hub.check-interval", checkInterval);
    }

    private Map<String, String> entry(String conversation, int n) {
        return Map.of(
                "event", "agent.note", "payload", "{\"conversation_id\":\"" + conversation + "\",\"n\":" + n + "}");
    }

    private void add(String conversation, int n) {
        assertThat(commands.xadd(STREAM, entry(conversation, n))).isNotEmpty();
    }

    /** More than is kept, with no reader in between. */
    private void trimPast() {
        commands.multi();
        for (int n = 0; n < 500; n++) {
            commands.xadd(STREAM, entry(conversation, n));
        }
        commands.xtrim(STREAM, 100);
        assertThat(commands.exec().wasDiscarded()).isFalse();
    }

    private static TestSocket follow(TestNode node, String conversation) {
        TestSocket socket =
                TestSocket.welcomed(node.socket()).send("{'type':'subscribe','conversation':'" + conversation + "'}");
        socket.next("snapshot");
        return socket;
    }

    private static JsonNode resumed(TestNode node, String conversation, String since) {
        try (TestSocket socket = TestSocket.welcomed(node.socket())) {
            return socket.send("{'type':'subscribe','conversation':'" + conversation + "','since':'" + since + "'}")
                    .next("subscribed");
        }
    }

    /** The socket gets the gap, then a snapshot, of which this is the position. */
    @CanIgnoreReturnValue
    private static String told(TestSocket socket) {
        JsonNode subscribed = socket.next("subscribed");
        assertThat(subscribed.path("resumed").asBoolean(true)).isFalse();
        assertThat(subscribed.at("/gap/reason").asText()).isEqualTo("stream_trimmed");
        String position = socket.next("snapshot").path("position").asText();
        assertThat(position).isEqualTo(subscribed.path("position").asText());
        return position;
    }

    private static double lost(TestNode node) {
        return TestHttp.get(node.management("/metrics"))
                .body()
                .lines()
                .filter(line -> line.startsWith("parley_ingest_lost_total{stream=\"" + STREAM + "\"} "))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    @Test
    void everySocketOnEveryNodeGetsAGapAndASnapshotAndIsNotToldAgain() {
        try (TestNode one = node("one", "10m");
                TestNode two = node("two", "10m");
                TestSocket here = follow(one, conversation);
                TestSocket there = follow(two, conversation);
                TestSocket quiet = follow(two, idle)) {
            add(conversation, -1);
            here.next("event");
            there.next("event");
            add(idle, 1);
            String offline = quiet.next("event").path("position").asText();
            trimPast();
            String position = told(here);
            told(there);
            String toldIdle = told(quiet);
            Await.until("the loss is counted", () -> lost(one) + lost(two) == 400);

            // Whoever was offline is told when it comes back, whoever was told goes on.
            JsonNode back = resumed(one, idle, offline);
            assertThat(back.path("resumed").asBoolean(true)).isFalse();
            assertThat(back.at("/gap/reason").asText()).isEqualTo("stream_trimmed");
            assertThat(resumed(one, idle, toldIdle).path("resumed").asBoolean()).isTrue();
            assertThat(resumed(two, idle, toldIdle).path("resumed").asBoolean()).isTrue();
            assertThat(resumed(two, conversation, position).at("/gap/reason").asText())
                    .isNotEqualTo("stream_trimmed");

            // It goes on as always.
            add(idle, 2);
            assertThat(quiet.next("event").at("/event/payload/n").asInt()).isEqualTo(2);
        }
    }

    @Test
    void aConversationThatHasHadNoEventIsToldOnceAndWhatBeginsMuchLaterIsNot() {
        try (TestNode node = node("one", "10m");
                TestSocket quiet = follow(node, idle)) {
            Await.until("the stream is read", () -> commands.exists(STREAM) == 1);
            trimPast();
            assertThat(told(quiet)).isEqualTo("0");
            add(idle, 1);
            assertThat(quiet.next("event").at("/event/payload/n").asInt()).isEqualTo(1);
            // As if the loss had been a while ago.
            assertThat(commands.hset("meta:conv:{" + idle + "}", "born", "9999999999999"))
                    .isFalse();
            assertThat(resumed(node, idle, "0").path("resumed").asBoolean()).isTrue();
        }
    }

    @Test
    void aLossThatTheNodeDoesNotHearOfIsFoundByTheNextCheck() {
        try (TestNode node = node("one", "300ms");
                TestSocket socket = follow(node, conversation)) {
            add(conversation, 1);
            socket.next("event");
            assertThat(commands.hset(LOST, "at", Long.toString(System.currentTimeMillis())))
                    .isTrue();
            told(socket);
            assertThat(node.metric("parley_hub_repairs_total")).isEqualTo(1);
        }
    }

    @Test
    void aNodeThatStartsLaterKnowsOfIt() {
        String before;
        try (TestNode node = node("one", "10m");
                TestSocket socket = follow(node, idle)) {
            add(idle, 1);
            before = socket.next("event").path("position").asText();
            trimPast();
            told(socket);
        }
        try (TestNode node = node("two", "10m")) {
            assertThat(resumed(node, idle, before).at("/gap/reason").asText()).isEqualTo("stream_trimmed");
        }
    }

    @Test
    void theReaderIsKilledAndTheStreamIsTrimmedBeforeAnotherTakesOver(@TempDir Path temporary) throws Exception {
        try (Distribution killed = Distribution.start(
                        temporary,
                        Map.of(),
                        "serve",
                        "--set",
                        "http.port=0",
                        "--set",
                        "management.port=0",
                        "--set",
                        "ingest.lease=1s",
                        "--set",
                        "redis.uri=" + redis.uri(),
                        "--set",
                        "node=killed",
                        "--set",
                        "data.directory=" + temporary.resolve("data"));
                TestNode node = reading(killed);
                TestSocket socket = follow(node, conversation)) {
            add(conversation, -1);
            String before = socket.next("event").path("position").asText();
            Await.within(PATIENCE, "it is read up", () -> groupIsAtTheEnd());
            killed.signal("KILL");
            trimPast();
            told(socket);
            add(conversation, 999);
            int n = -1;
            while (n != 999) {
                n = socket.next("event").at("/event/payload/n").asInt();
            }
            // What was kept, what came before and behind it, and the break.
            assertThat(commands.xlen("events:conv:{" + conversation + "}")).isEqualTo(103);
            Await.until("the loss is counted", () -> lost(node) == 400);
            assertThat(resumed(node, conversation, before).at("/gap/reason").asText())
                    .isEqualTo("stream_trimmed");
        }
    }

    /** A node that stands by while the other one reads. */
    private TestNode reading(Distribution other) throws Exception {
        String unused = other.await("is up as");
        Await.within(PATIENCE, "the other node reads", () -> commands.exists("{" + STREAM + "}:lease") == 1);
        return node("other", "10m");
    }

    private boolean groupIsAtTheEnd() {
        return String.valueOf(commands.xinfoGroups(STREAM).get(0)).contains("lag, 0");
    }
}
