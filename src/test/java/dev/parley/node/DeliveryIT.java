package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.event.Ids;
import dev.parley.redis.Keys;
import dev.parley.redis.TestRedis;
import io.lettuce.core.KillArgs;
import io.lettuce.core.XAddArgs;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** Each socket gets each durable event of its conversation once and in order, whatever is lost on the way. */
class DeliveryIT {

    @Test
    void manyConversationsWithSomeSocketsEachGetEveryEventOnceAndInOrder() {
        int conversations = 200;
        int socketsEach = 3;
        int events = 20_000;
        try (TestNode node = TestNode.start("websocket.heartbeat", "5m")) {
            Audience audience = new Audience(node, conversations, socketsEach);
            audience.speak(events, new Random(1));
            audience.assertEverybodyHeardEverything();
            audience.close();
        }
    }

    @Test
    void whatPubSubLosesReachesEverySocketAllTheSame() throws Exception {
        try (TestNode node = TestNode.start("hub.check-interval", "2s", "websocket.heartbeat", "5m")) {
            Audience audience = new Audience(node, 20, 2);
            Random random = new Random(2);
            CompletableFuture<Void> speaking = CompletableFuture.runAsync(() -> {
                for (int burst = 0; burst < 150; burst++) {
                    audience.speak(40, random);
                    LockSupport.parkNanos(5_000_000);
                }
            });
            long killed = 0;
            while (!speaking.isDone()) {
                killed += TestRedis.commands().clientKill(KillArgs.Builder.typePubsub());
                LockSupport.parkNanos(50_000_000);
            }
            speaking.join();
            // Nothing comes after these that could show that they were lost.
            killed += TestRedis.commands().clientKill(KillArgs.Builder.typePubsub());
            audience.speak(20, random);
            assertThat(killed).isPositive();
            audience.assertEverybodyHeardEverything();
            assertThat(node.metric("parley_hub_repairs_total")).isPositive();
            audience.close();
        }
    }

    @Test
    void aLostLastMessageIsFoundByTheCheck() {
        String c = Ids.random();
        try (TestNode node = TestNode.start("hub.check-interval", "1s");
                TestSocket socket = TestSocket.welcomed(node.socket())) {
            socket.send("{'type':'subscribe','conversation':'" + c + "'}").next("snapshot");
            Audience.say(c, 1);
            String first = socket.next("event").path("position").asText();
            // As append.lua leaves it, but for the live message.
            String second = first.substring(0, first.indexOf('-')) + "-4000";
            var commands = TestRedis.commands();
            String event = "{\"event\":\"agent.note\",\"payload\":{\"conversation_id\":\"" + c + "\",\"n\":2}}";
            assertThat(commands.xadd(Keys.DEFAULT.log(c), new XAddArgs().id(second), "e", event, "m", "200 2"))
                    .isEqualTo(second);
            assertThat(commands.hset(Keys.DEFAULT.meta(c), "log", second + " 200 2"))
                    .isFalse();
            JsonNode found = socket.next("event");
            assertThat(found.path("position").asText()).isEqualTo(second);
        }
    }

    @Test
    void whenRedisLosesTheLogEverybodyIsToldAndGoesOn() {
        String c = Ids.random();
        try (TestNode node = TestNode.start("hub.check-interval", "500ms");
                TestSocket socket = TestSocket.welcomed(node.socket())) {
            socket.send("{'type':'subscribe','conversation':'" + c + "'}").next("snapshot");
            Audience.say(c, 1);
            String position = socket.next("event").path("position").asText();
            assertThat(TestRedis.commands().del(Keys.DEFAULT.log(c), Keys.DEFAULT.meta(c)))
                    .isEqualTo(2);
            JsonNode subscribed = socket.next("subscribed");
            assertThat(subscribed.path("resumed").asBoolean()).isFalse();
            assertThat(subscribed.path("gap").path("requested").asText()).isEqualTo(position);
            assertThat(socket.next().path("position").asText()).isEqualTo("0");
            Audience.say(c, 2);
            assertThat(socket.next("event")
                            .path("event")
                            .path("payload")
                            .path("n")
                            .asInt())
                    .isEqualTo(2);
        }
    }

    @Test
    void ephemeralEventsAreShownAndTheirRunIsInTheSnapshotOfWhoComesLater() {
        String c = Ids.random();
        try (TestNode node = TestNode.start();
                TestSocket first = TestSocket.welcomed(node.socket());
                TestSocket second = TestSocket.welcomed(node.socket())) {
            first.send("{'type':'subscribe','conversation':'" + c + "'}").next("snapshot");
            for (String chunk : List.of("Hel", "lo")) {
                assertThat(TestRedis.commands()
                                .publish(
                                        "agent:events:agent.response.streaming",
                                        "{\"event\":\"agent.response.streaming\",\"payload\":{\"conversation_id\":\""
                                                + c + "\",\"chunk\":\"" + chunk + "\",\"agent\":\"triage\"}}"))
                        .isPositive();
                JsonNode event = first.next("event");
                assertThat(event.has("position")).isFalse();
                assertThat(event.path("event").path("payload").path("chunk").asText())
                        .isEqualTo(chunk);
            }
            second.send("{'type':'subscribe','conversation':'" + c + "'}");
            assertThat(second.next("snapshot").path("runs").path(0).path("text").asText())
                    .isEqualTo("Hello");
        }
    }

    @Test
    void malformedEphemeralEventsAreCountedAndStopNothing() throws Exception {
        String c = Ids.random();
        try (TestNode node = TestNode.start();
                TestSocket socket = TestSocket.welcomed(node.socket())) {
            socket.send("{'type':'subscribe','conversation':'" + c + "'}").next("snapshot");
            List<String> bad = List.of(
                    "",
                    "no json",
                    "{\"event\":\"x\"}",
                    "{\"event\":\"x\",\"payload\":{\"conversation_id\":7}}",
                    "{\"event\":\"x\",\"payload\":{\"conversation_id\":\"" + c + "\"",
                    "{\"event\":\"x\",\"payload\":{\"conversation_id\":\"" + c + "\"}} trailing");
            for (String message : bad) {
                assertThat(TestRedis.commands().publish("agent:events:x", message))
                        .isPositive();
            }
            assertThat(TestRedis.commands()
                            .publish(
                                    "agent:events:agent.note",
                                    "{\"event\":\"agent.note\",\"payload\":{\"conversation_id\":\"" + c + "\"}}"))
                    .isPositive();
            assertThat(socket.next("event").path("event").path("event").asText())
                    .isEqualTo("agent.note");
            assertThat(node.metric("parley_ingest_malformed_total")).isEqualTo(bad.size());
        }
    }

    /** Conversations, their sockets, and what was said in each. */
    private static final class Audience {
        private final List<String> conversations = new ArrayList<>();
        private final List<Integer> said = new ArrayList<>();
        private final List<List<TestSocket>> sockets = new ArrayList<>();

        Audience(TestNode node, int conversations, int socketsEach) {
            for (int i = 0; i < conversations; i++) {
                String name = Ids.random();
                List<TestSocket> own = new ArrayList<>();
                for (int s = 0; s < socketsEach; s++) {
                    TestSocket socket = TestSocket.welcomed(node.socket());
                    socket.send("{'type':'subscribe','conversation':'" + name + "'}");
                    own.add(socket);
                }
                own.forEach(socket -> socket.next("snapshot"));
                this.conversations.add(name);
                said.add(0);
                sockets.add(own);
            }
        }

        void speak(int events, Random random) {
            List<Integer> order = new ArrayList<>();
            for (int i = 0; i < events; i++) {
                order.add(i % conversations.size());
            }
            Collections.shuffle(order, random);
            for (int c : order) {
                said.set(c, said.get(c) + 1);
                say(conversations.get(c), said.get(c));
            }
        }

        static void say(String conversation, int n) {
            var unused = TestRedis.pipelined()
                    .xadd(
                            "agent:events:stream",
                            Map.of(
                                    "event",
                                    "agent.note",
                                    "payload",
                                    "{\"conversation_id\":\"" + conversation + "\",\"n\":" + n + "}"));
        }

        void assertEverybodyHeardEverything() {
            for (int c = 0; c < conversations.size(); c++) {
                for (TestSocket socket : sockets.get(c)) {
                    for (int n = 1; n <= said.get(c); n++) {
                        JsonNode frame = socket.next();
                        assertThat(frame.path("event").path("payload").path("n").asInt())
                                .as("%s", frame)
                                .isEqualTo(n);
                    }
                    assertThat(socket.waiting()).as("frames too many").isZero();
                }
            }
        }

        void close() {
            sockets.forEach(own -> own.forEach(TestSocket::close));
        }
    }
}
