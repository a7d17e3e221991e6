package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.event.Ids;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.support.Await;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import java.net.URI;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Somebody joins, and more comes than is kept before the log's answer is there. */
class JoinInBurstIT {

    private static final int EVENTS = 20;
    private static final int LARGE = 60_000;
    private static final Pattern NOT_LISTENING = Pattern.compile(" addr=[^ ]+:(\\d+) .* sub=0 psub=0 ");
    private static final Pattern SCRIPTS = Pattern.compile("cmdstat_evalsha:calls=(\\d+)");

    private final String conversation = "burst-" + Ids.random();
    private final EmbeddedRedis redis = EmbeddedRedis.start();
    private final RedisClient client = RedisClient.create(redis.uri());
    private final RedisCommands<String, String> commands = client.connect().sync();
    private final Relay network = Relay.to(URI.create(redis.uri()));

    @AfterEach
    void close() {
        network.close();
        client.shutdown();
        redis.close();
    }

    private TestSocket subscriber(TestNode node) {
        return TestSocket.welcomed(node.socket()).send("{'type':'subscribe','conversation':'" + conversation + "'}");
    }

    private long scripts() {
        Matcher calls = SCRIPTS.matcher(commands.info("commandstats"));
        return calls.find() ? Long.parseLong(calls.group(1)) : 0;
    }

    private void holdAnswers() {
        NOT_LISTENING
                .matcher(commands.clientList())
                .results()
                .forEach(connection -> network.holdAnswers(Integer.parseInt(connection.group(1))));
    }

    private void publish(TestNode node, int n) {
        String text = "x".repeat(LARGE);
        assertThat(TestHttp.postJson(
                                node.http("/v1/conversations/" + conversation + "/events"),
                                "{'event':'agent.note','payload':{'n':" + n + ",'text':'" + text + "'}}")
                        .status())
                .isEqualTo(201);
    }

    @Test
    void itIsToldAllTheSame() {
        try (TestNode there = TestNode.start("redis.uri", redis.uri());
                TestNode here = TestNode.start(
                        "redis.uri", "redis://127.0.0.1:" + network.port(), "hub.check-interval", "10m");
                TestSocket first = subscriber(here)) {
            first.next("snapshot");
            publish(there, EVENTS);
            first.next("event");
            long before = scripts();
            holdAnswers();
            try (TestSocket second = subscriber(here)) {
                Await.until("the log was asked", () -> scripts() > before);
                for (int n = 0; n < EVENTS; n++) {
                    publish(there, n);
                }
                String last = "";
                for (int n = 0; n < EVENTS; n++) {
                    JsonNode event = first.next("event");
                    assertThat(event.at("/event/payload/n").asInt(-1)).isEqualTo(n);
                    last = event.path("position").asText();
                }
                network.letGo();
                assertThat(second.next("snapshot").path("position").asText()).isNotEqualTo(last);
                // It is more than is sent again one by one.
                assertThat(second.next("subscribed").at("/gap/reason").asText()).isEqualTo("limit");
                assertThat(second.next("snapshot").path("position").asText()).isEqualTo(last);
            }
        }
    }
}
