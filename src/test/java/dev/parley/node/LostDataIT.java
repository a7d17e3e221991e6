package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.event.Ids;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.support.Await;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import java.net.URI;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Redis loses data: nothing is lost silently, and nothing is shown twice. */
class LostDataIT {

    private static final Pattern PORT = Pattern.compile(" addr=[^ ]+:(\\d+) ");

    private final String conversation = "lost-data-" + Ids.random();
    private final String log = "events:conv:{" + conversation + "}";
    private final String meta = "meta:conv:{" + conversation + "}";
    private EmbeddedRedis redis = EmbeddedRedis.start();
    private RedisClient client = RedisClient.create(redis.uri());
    private RedisCommands<String, String> commands = client.connect().sync();
    private final Relay network = Relay.to(URI.create(redis.uri()));

    @AfterEach
    void close() {
        network.close();
        client.shutdown();
        redis.close();
    }

    private TestNode node(String checkInterval) {
        return TestNode.start(
                "redis.uri",
                "redis://127.0.0.1:" + network.port(),
                "hub.check-interval",
                checkInterval,
                "redis.probe-interval",
                "200ms",
                "redis.probe-timeout",
                "1s");
    }

    @CanIgnoreReturnValue
    private String publish(TestNode node, int n) {
        TestHttp.Answer answer = TestHttp.postJson(
                node.http("/v1/conversations/" + conversation + "/events"),
                "{'event':'agent.note','payload':{'n':" + n + "}}");
        assertThat(answer.status()).isEqualTo(201);
        return answer.json().path("position").asText();
    }

    private TestSocket follow(TestNode node) {
        TestSocket socket =
                TestSocket.welcomed(node.socket()).send("{'type':'subscribe','conversation':'" + conversation + "'}");
        socket.next("snapshot");
        return socket;
    }

    private static int number(JsonNode event) {
        return event.at("/event/payload/n").asInt(-1);
    }

    @CanIgnoreReturnValue
    private static JsonNode gap(TestSocket socket) {
        JsonNode subscribed = socket.next("subscribed");
        assertThat(subscribed.path("resumed").asBoolean(true)).isFalse();
        assertThat(subscribed.has("gap")).isTrue();
        return subscribed.path("gap");
    }

    /** The next event is this one, with no gap before it. */
    private static void goesOn(TestSocket socket, int n) {
        JsonNode frame = socket.next();
        while (List.of("status", "ok").contains(frame.path("type").asText())) {
            frame = socket.next();
        }
        assertThat(frame.path("type").asText()).isEqualTo("event");
        assertThat(number(frame)).isEqualTo(n);
    }

    @Test
    void everythingIsGoneAndEverySocketIsTold() {
        try (TestNode node = node("200ms");
                TestSocket one = follow(node);
                TestSocket two = follow(node)) {
            String position = publish(node, 1);
            one.next("event");
            two.next("event");
            assertThat(commands.flushall()).isEqualTo("OK");
            for (TestSocket socket : List.of(one, two)) {
                assertThat(gap(socket).path("requested").asText()).isEqualTo(position);
                assertThat(socket.next("snapshot").path("position").asText()).isEqualTo("0");
            }
            publish(node, 2);
            goesOn(one, 2);
            goesOn(two, 2);
        }
    }

    @Test
    void everythingIsGoneAndTheLogHasGrownAgainBeforeAnybodyLooks() {
        try (TestNode node = node("10m");
                TestSocket socket = follow(node)) {
            publish(node, 1);
            socket.next("event");
            assertThat(commands.flushall()).isEqualTo("OK");
            String second = publish(node, 2);
            assertThat(gap(socket).path("last").asText()).isEqualTo(second);
            assertThat(socket.next("snapshot").path("position").asText()).isEqualTo(second);
            publish(node, 3);
            goesOn(socket, 3);
        }
    }

    @Test
    void aRestartWithoutDataIsAGap() {
        try (TestNode node = node("10m");
                TestSocket socket = follow(node)) {
            publish(node, 1);
            socket.next("event");
            int port = redis.port();
            redis.kill();
            redis = EmbeddedRedis.start(port, List.of());
            gap(socket);
            assertThat(socket.next("snapshot").path("position").asText()).isEqualTo("0");
            publish(node, 2);
            goesOn(socket, 2);
        }
    }

    @Test
    void singleKeysThatAreLostCostLiveSocketsNothing() {
        try (TestNode node = node("10m");
                TestSocket socket = follow(node)) {
            socket.send("{'type':'send','conversation':'" + conversation + "','content':'hello'}");
            socket.next("event");
            int n = 1;
            for (String key : List.of(log, meta, "session:conv:{" + conversation + "}")) {
                assertThat(commands.del(key)).as(key).isEqualTo(1);
                publish(node, n);
                goesOn(socket, n++);
            }
        }
    }

    @Test
    void whoComesBackToALogThatWasLostAloneGetsAGap() {
        try (TestNode node = node("10m")) {
            String first = publish(node, 1);
            assertThat(commands.del(log)).isEqualTo(1);
            String second = publish(node, 2);
            try (TestSocket back = TestSocket.welcomed(node.socket())) {
                back.send("{'type':'subscribe','conversation':'" + conversation + "','since':'" + first + "'}");
                gap(back);
                assertThat(back.next("snapshot").path("position").asText()).isEqualTo(second);
            }
        }
    }

    /** Stops what comes live, until the probe finds out; returns the position that is stored meanwhile and seen by nobody. */
    private String storeUnseen(TestNode node) {
        Matcher live = PORT.matcher(commands.clientList()
                .lines()
                .filter(line -> line.contains("name=parley:")
                        && !line.contains("name=parley:other ")
                        && !line.contains(" sub=0 ")
                        && line.contains(" psub=0 "))
                .findFirst()
                .orElseThrow());
        assertThat(live.find()).isTrue();
        network.swallowAnswers(Integer.parseInt(live.group(1)));
        String before = Objects.requireNonNull(commands.hget(meta, "log"));
        String unseen = publish(node, 2);
        // As a replica has it that got less.
        assertThat(commands.xdel(log, unseen)).isEqualTo(1);
        assertThat(commands.hset(meta, "log", before)).isFalse();
        // A replica would not know of this position; here the stream takes no other one of its millisecond.
        long millis = Long.parseLong(unseen.substring(0, unseen.indexOf('-')));
        Await.until(() -> System.currentTimeMillis() > millis);
        return unseen;
    }

    @Test
    void whatAPublisherWasToldAndNobodySawIsAGapWhenItIsLost() {
        try (TestNode node = node("10m");
                TestSocket socket = follow(node)) {
            String first = publish(node, 1);
            socket.next("event");
            String unseen = storeUnseen(node);
            assertThat(gap(socket).path("requested").asText()).isEqualTo(unseen);
            assertThat(socket.next("snapshot").path("position").asText()).isEqualTo(first);
            publish(node, 3);
            goesOn(socket, 3);
        }
    }

    @Test
    void soItIsWhenTheLogHasGrownPastIt() {
        try (TestNode node = node("10m");
                TestNode other = TestNode.start("redis.uri", redis.uri(), "node", "other");
                TestSocket socket = follow(node)) {
            publish(node, 1);
            publish(other, 1);
            socket.next("event");
            socket.next("event");
            String unseen = storeUnseen(node);
            // By another hand, so that this node has not been told of it.
            String third = publish(other, 3);
            assertThat(gap(socket).path("requested").asText()).isEqualTo(unseen);
            assertThat(socket.next("snapshot").path("position").asText()).isEqualTo(third);
            publish(node, 4);
            goesOn(socket, 4);
        }
    }
}
