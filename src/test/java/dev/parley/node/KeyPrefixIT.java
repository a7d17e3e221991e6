package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.support.Await;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Two gateways on one Redis, apart by {@code parley.redis.key-prefix} and, as people do it, by the database number, which is not enough. */
class KeyPrefixIT {

    private static final String CONVERSATION = "c-1";

    private static EmbeddedRedis redis;
    private static RedisClient client;
    private static TestNode one;
    private static TestNode two;

    @BeforeAll
    static void start() {
        redis = EmbeddedRedis.start();
        client = RedisClient.create(redis.uri());
        one = TestNode.start("redis.uri", redis.uri(), "redis.key-prefix", "one:");
        two = TestNode.start("redis.uri", redis.uri() + "/1", "redis.key-prefix", "two:");
        for (TestNode node : List.of(one, two)) {
            Await.until(
                    "it is ready",
                    () -> TestHttp.get(node.management("/health/ready")).status() == 200);
        }
    }

    @AfterAll
    static void stop() {
        one.close();
        two.close();
        client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
        redis.close();
    }

    private static RedisCommands<String, String> database(int number) {
        return client.connect(RedisURI.builder(RedisURI.create(redis.uri()))
                        .withDatabase(number)
                        .build())
                .sync();
    }

    /** The text of each event that a socket is shown, until the one that says it is the last. */
    private static List<String> shown(TestSocket socket) {
        Queue<String> shown = new ConcurrentLinkedQueue<>();
        String text = "";
        while (!text.equals("last")) {
            JsonNode event = socket.next("event").path("event");
            text = event.path("payload").path("text").asText(event.path("event").asText());
            shown.add(text);
        }
        return List.copyOf(shown);
    }

    private static String payload(String text) {
        return "{\"conversation_id\":\"" + CONVERSATION + "\",\"text\":\"" + text + "\"}";
    }

    private static String event(String text) {
        return "{\"event\":\"agent.note\",\"payload\":" + payload(text) + "}";
    }

    private static void exercise(RedisCommands<String, String> agent, String prefix, TestSocket socket) {
        String name = prefix.substring(0, 3);
        socket.send("{'type':'publish','conversation':'" + CONVERSATION + "','event':'agent.note','payload':{'text':'"
                + name + " durable'}}");
        socket.send("{'type':'publish','durable':false,'conversation':'" + CONVERSATION
                + "','event':'agent.note','payload':{'text':'" + name + " ephemeral'}}");
        assertThat(agent.publish(prefix + "agent:events:agent.note", event(name + " by channel")))
                .isNotNegative();
        assertThat(agent.xadd(
                        prefix + "agent:events:stream",
                        Map.of("event", "agent.note", "payload", payload(name + " by stream"))))
                .isNotNull();
        socket.send(
                "{'type':'send','conversation':'" + CONVERSATION + "','content':'hi','message_id':'m-" + name + "'}");
        socket.send("{'type':'cancel','conversation':'" + CONVERSATION + "','message_id':'x-" + name + "'}");
        Await.until("the cancel is in the inbox", () -> agent.xlen(prefix + "agent:inbox:triage") == 2);
        assertThat(agent.xadd(
                        prefix + "agent:events:stream", Map.of("event", "agent.note", "payload", payload("last"))))
                .isNotNull();
    }

    @Test
    void nothingOfTheOneIsSeenByTheOtherAndAllNamesHaveThePrefix() {
        Queue<String> channels = new ConcurrentLinkedQueue<>();
        StatefulRedisPubSubConnection<String, String> everything = client.connectPubSub();
        everything.addListener(new RedisPubSubAdapter<>() {
            @Override
            public void message(String pattern, String channel, String message) {
                channels.add(channel);
            }
        });
        everything.sync().psubscribe("*");
        RedisCommands<String, String> first = database(0);
        RedisCommands<String, String> second = database(1);
        try (TestSocket onOne = TestSocket.welcomed(one.socket());
                TestSocket onTwo = TestSocket.welcomed(two.socket())) {
            for (TestSocket socket : List.of(onOne, onTwo)) {
                socket.send("{'type':'subscribe','conversation':'" + CONVERSATION + "'}")
                        .next("snapshot");
            }
            exercise(first, "one:", onOne);
            exercise(second, "two:", onTwo);

            assertThat(shown(onOne))
                    .contains("one durable", "one ephemeral", "one by channel", "one by stream", "user.cancel")
                    .noneMatch(text -> text.startsWith("two"))
                    .containsOnlyOnce("user.cancel");
            assertThat(shown(onTwo))
                    .contains("two durable", "two ephemeral", "two by channel", "two by stream", "user.cancel")
                    .noneMatch(text -> text.startsWith("one"))
                    .containsOnlyOnce("user.cancel");
        }
        assertThat(channels)
                .contains(
                        "one:agent:events:agent.note",
                        "one:live:conv:{c-1}",
                        "one:control:conv:{c-1}",
                        "two:agent:events:agent.note",
                        "two:live:conv:{c-1}",
                        "two:control:conv:{c-1}")
                .allMatch(channel -> channel.startsWith("one:") || channel.startsWith("two:"));
        assertThat(first.keys("*")).isNotEmpty().allMatch(key -> key.startsWith("one:"));
        assertThat(second.keys("*")).isNotEmpty().allMatch(key -> key.startsWith("two:"));
        everything.close();
    }
}
