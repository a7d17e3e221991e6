package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp.Answer;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.support.Await;
import dev.parley.support.Patience;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections that stand and on which nothing comes: Redis hangs, or the network swallows one direction. Each is found in time. */
class SilentRedisIT {

    private static final Pattern PORT = Pattern.compile("addr=127\\.0\\.0\\.1:(\\d+)");
    private static final Duration FOUND_WITHIN = Duration.ofSeconds(10);
    /** The hub's own check, every minute here, must not be what finds anything. */
    private static final String[] SETTINGS = {
        "redis.probe-interval", "200ms",
        "redis.probe-timeout", "1s",
        "redis.command-timeout", "1s",
        "hub.check-interval", "1m",
        "ingest.lease", "2s"
    };

    private static EmbeddedRedis redis;
    private static RedisClient client;
    private static RedisCommands<String, String> admin;

    private final String conversation = Ids.random();

    @BeforeAll
    static void start() {
        redis = EmbeddedRedis.start();
        client = RedisClient.create(redis.uri());
        admin = client.connect().sync();
    }

    @AfterAll
    static void stop() {
        client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
        redis.close();
    }

    private static TestNode node(Relay relay) {
        String[] all = Arrays.copyOf(SETTINGS, SETTINGS.length + 2);
        all[SETTINGS.length] = "redis.uri";
        all[SETTINGS.length + 1] = "redis://127.0.0.1:" + relay.port();
        TestNode node = TestNode.start(all);
        Await.until("it is ready", () -> ready(node).status() == 200);
        return node;
    }

    private static Answer ready(TestNode node) {
        return TestHttp.get(node.management("/health/ready"));
    }

    /** The port of a connection that Redis knows, by what {@code CLIENT LIST} says of it. */
    private static int port(Predicate<String> line) {
        String found = admin.clientList()
                .lines()
                .filter(each -> each.contains("name=parley:"))
                .filter(line)
                .findFirst()
                .orElseThrow();
        Matcher matcher = PORT.matcher(found);
        assertThat(matcher.find()).isTrue();
        return Integer.parseInt(matcher.group(1));
    }

    private static int livePort() {
        return port(line -> !line.contains(" sub=0 ") && line.contains(" psub=0 "));
    }

    private static int channelsPort() {
        return port(line -> !line.contains(" psub=0 "));
    }

    private static int commandsPort() {
        return port(line -> line.contains(" sub=0 ") && !line.contains("cmd=xread"));
    }

    private static int waitingPort() {
        return port(line -> line.contains("cmd=xread "));
    }

    private Answer publish(TestNode node, int n) {
        return TestHttp.postJson(
                node.http("/v1/conversations/" + conversation + "/events"),
                "{'event':'agent.note','event_id':'e" + n + "','payload':{'n':" + n + "}}");
    }

    private void swallow(Relay relay, boolean answers, int port) {
        if (answers) {
            relay.swallowAnswers(port);
        } else {
            relay.swallowQuestions(port);
        }
    }

    private static void assertFound(long since) {
        assertThat(Duration.ofNanos(System.nanoTime() - since)).isLessThan(Patience.of(FOUND_WITHIN));
    }

    @Test
    void aNodeWhoseLiveChannelsAreSwallowedIsNotReadyUntilItHearsAgainAndMissesNothing() {
        try (Relay relay = Relay.to(URI.create(redis.uri()));
                TestNode node = node(relay);
                TestSocket socket = TestSocket.welcomed(node.socket())) {
            socket.send("{'type':'subscribe','conversation':'" + conversation + "'}")
                    .next("snapshot");
            assertThat(publish(node, 1).status()).isEqualTo(201);
            socket.next("event");

            relay.swallowAnswers(livePort());
            long since = System.nanoTime();
            assertThat(publish(node, 2).status()).isEqualTo(201);
            Await.until("it is not ready", () -> ready(node).status() == 503);
            JsonNode health = ready(node).json();
            assertThat(health.path("checks").path("redis").asText()).isEqualTo("up");
            assertThat(health.path("checks").path("channels").asText()).isEqualTo("up");
            assertThat(health.path("checks").path("live").asText()).isEqualTo("down");
            assertThat(health.path("reasons").path("live").asText()).contains("nothing is heard");
            assertThat(TopologyContract.number(socket.next("event"))).isEqualTo(2);
            Await.until("it is ready again", () -> ready(node).status() == 200);
            assertFound(since);
            assertThat(TestHttp.get(node.management("/metrics")).body()).contains("parley_pubsub_replaced_total 1.0");
        }
    }

    @ParameterizedTest(name = "answers swallowed: {0}")
    @ValueSource(booleans = {true, false})
    void aSwallowedCommandConnectionIsGivenUp(boolean answers) {
        try (Relay relay = Relay.to(URI.create(redis.uri()));
                TestNode node = node(relay)) {
            swallow(relay, answers, commandsPort());
            long since = System.nanoTime();
            Await.until("it is not ready", () -> ready(node).status() == 503);
            Await.until("an event is stored", () -> publish(node, 1).status() == 201);
            Await.until("it is ready again", () -> ready(node).status() == 200);
            assertFound(since);
        }
    }

    @Test
    void swallowedSubscriptionsAreMadeAgainOnAnotherConnection() {
        try (Relay relay = Relay.to(URI.create(redis.uri()));
                TestNode node = node(relay);
                TestSocket socket = TestSocket.welcomed(node.socket())) {
            relay.swallowQuestions(livePort());
            long since = System.nanoTime();
            JsonNode frame;
            do {
                socket.send("{'type':'subscribe','conversation':'" + conversation + "'}");
                frame = socket.next();
                assertThat(frame.path("type").asText()).isIn("subscribed", "error", "status");
                assertFound(since);
            } while (!frame.path("type").asText().equals("subscribed"));
        }
    }

    @Test
    void swallowedChannelsAreHeardAgain() {
        try (Relay relay = Relay.to(URI.create(redis.uri()));
                TestNode node = node(relay);
                TestSocket socket = TestSocket.welcomed(node.socket())) {
            socket.send("{'type':'subscribe','conversation':'" + conversation + "'}")
                    .next("snapshot");
            relay.swallowAnswers(channelsPort());
            long since = System.nanoTime();
            Await.until("it is not ready", () -> ready(node).status() == 503);
            assertThat(ready(node).json().path("checks").path("live").asText()).isEqualTo("up");
            Await.until("something is heard", () -> {
                assertThat(admin.publish(
                                "agent:events:agent.note",
                                "{\"event\":\"agent.note\",\"payload\":" + TopologyContract.payload(conversation, 1)
                                        + "}"))
                        .isNotNegative();
                return socket.waiting() > 0;
            });
            assertFound(since);
        }
    }

    @ParameterizedTest(name = "answers swallowed: {0}")
    @ValueSource(booleans = {true, false})
    void aReaderOfAStreamWhoseWaitIsSwallowedReadsOn(boolean answers) {
        try (Relay relay = Relay.to(URI.create(redis.uri()));
                TestNode node = node(relay);
                TestSocket socket = TestSocket.welcomed(node.socket())) {
            socket.send("{'type':'subscribe','conversation':'" + conversation + "'}")
                    .next("snapshot");
            Await.until("it waits for entries", () -> admin.clientList().contains("cmd=xread "));
            swallow(relay, answers, waitingPort());
            long since = System.nanoTime();
            assertThat(admin.xadd(
                            "agent:events:stream",
                            Map.of("event", "agent.note", "payload", TopologyContract.payload(conversation, 1))))
                    .isNotNull();
            assertThat(TopologyContract.number(socket.next("event"))).isEqualTo(1);
            assertFound(since);
        }
    }

    @Test
    void aNodeIsNotReadyWhileRedisHangsAndGoesOnWhenItAnswersAgain() {
        try (Relay relay = Relay.to(URI.create(redis.uri()));
                TestNode node = node(relay);
                TestSocket socket = TestSocket.welcomed(node.socket())) {
            socket.send("{'type':'subscribe','conversation':'" + conversation + "'}")
                    .next("snapshot");
            redis.pause();
            try {
                Await.until("it is not ready", () -> ready(node).status() == 503);
                Await.until(
                        "it says why",
                        () -> ready(node)
                                .json()
                                .path("reasons")
                                .path("redis")
                                .asText()
                                .startsWith("Redis does not answer"));
                socket.awaitRedis("degraded");
            } finally {
                redis.resume();
            }
            long since = System.nanoTime();
            socket.awaitRedis("up");
            Await.until("it is ready again", () -> ready(node).status() == 200);
            assertThat(publish(node, 1).status()).isEqualTo(201);
            assertThat(TopologyContract.number(socket.next("event"))).isEqualTo(1);
            assertFound(since);
        }
    }
}
