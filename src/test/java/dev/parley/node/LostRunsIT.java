package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.event.Ids;
import dev.parley.redis.Kept;
import dev.parley.redis.TestRedis;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** Agents that say nothing any more. */
class LostRunsIT {

    private static final String STARTED =
            "{'event':'agent.run.started','payload':{'run':'r1','agent':'triage','lease_ms':1000}}";
    private static final String HALF =
            "{'event':'agent.response.streaming','payload':{'run':'r1','agent':'triage','chunk':'half'}}";

    private final String conversation = "lost-run-" + Ids.random();

    private static TestNode node() {
        return TestNode.start("hub.check-interval", "200ms", "runs.silence", "2s");
    }

    private void publish(TestNode node, String event) {
        assertThat(TestHttp.postJson(node.http("/v1/conversations/" + conversation + "/events"), event)
                        .status())
                .isEqualTo(201);
    }

    private TestSocket follow(TestNode node) {
        return TestSocket.welcomed(node.socket()).send("{'type':'subscribe','conversation':'" + conversation + "'}");
    }

    @CanIgnoreReturnValue
    private static JsonNode nextFailed(TestSocket socket) {
        JsonNode frame = socket.next("event");
        while (!frame.at("/event/event").asText().equals("agent.run.failed")) {
            frame = socket.next("event");
        }
        return frame;
    }

    private long failures() {
        return Kept.events(conversation).stream()
                .filter(event -> event.at("/payload/error/code").asText().equals("agent_lost"))
                .count();
    }

    @Test
    void allNodesSeeItEndOnce() {
        try (TestNode one = node();
                TestNode two = node();
                TestSocket here = follow(one);
                TestSocket there = follow(two)) {
            here.next("snapshot");
            there.next("snapshot");
            publish(one, STARTED);
            publish(one, HALF);
            JsonNode failed = nextFailed(here);
            assertThat(nextFailed(there)).isEqualTo(failed);
            assertThat(failed.at("/event/payload/run").asText()).isEqualTo("r1");
            assertThat(failed.at("/event/payload/agent").asText()).isEqualTo("triage");
            assertThat(failed.at("/event/payload/error/code").asText()).isEqualTo("agent_lost");
            assertThat(failed.at("/event/timestamp").asText()).endsWith("Z");
            assertThat(failed.path("position").asText()).isNotEmpty();
            // Several more rounds of both nodes.
            publish(one, "{'event':'agent.run.started','payload':{'run':'r2','agent':'triage','lease_ms':1000}}");
            nextFailed(here);
            assertThat(failures()).isEqualTo(2);
            assertThat(Kept.messages(conversation))
                    .singleElement()
                    .satisfies(message ->
                            assertThat(message).containsEntry("failed", "1").containsEntry("content", "\"half\""));
        }
    }

    @Test
    void aHeartbeatKeepsIt() {
        try (TestNode node = node();
                TestSocket socket = follow(node)) {
            socket.next("snapshot");
            publish(node, STARTED);
            long until = System.nanoTime() + Duration.ofMillis(2_500).toNanos();
            while (System.nanoTime() < until) {
                publish(node, "{'event':'agent.run.heartbeat','payload':{'run':'r1'}}");
                LockSupport.parkNanos(100_000_000);
            }
            assertThat(failures()).isZero();
            nextFailed(socket);
            assertThat(failures()).isEqualTo(1);
        }
    }

    @Test
    void whoJoinsAfterTheLeaseSeesItFailed() {
        try (TestNode node = TestNode.start("hub.check-interval", "10m", "runs.silence", "1s")) {
            publish(node, HALF);
            // The lease is a matter of Redis' clock; nobody looks meanwhile.
            LockSupport.parkNanos(Duration.ofMillis(1_100).toNanos());
            assertThat(failures()).isZero();
            try (TestSocket socket = follow(node)) {
                JsonNode snapshot = socket.next("snapshot");
                assertThat(snapshot.path("runs")).isEmpty();
                assertThat(snapshot.at("/messages/0/failed").asBoolean()).isTrue();
                assertThat(snapshot.at("/messages/0/content").asText()).isEqualTo("half");
                assertThat(failures()).isEqualTo(1);
            }
        }
    }

    @Test
    void ephemeralRunsEndForTheSocketsThatSawThem() {
        try (TestNode node = node();
                TestSocket socket = follow(node)) {
            socket.next("snapshot");
            String chunk = "{\"event\":\"agent.response.streaming\",\"payload\":{\"conversation_id\":\"" + conversation
                    + "\",\"agent\":\"triage\",\"chunk\":\"half\",\"lease_ms\":1000}}";
            assertThat(TestRedis.commands().publish("agent:events:agent.response.streaming", chunk))
                    .isPositive();
            JsonNode failed = nextFailed(socket);
            assertThat(failed.has("position")).isFalse();
            assertThat(failed.at("/event/payload/agent").asText()).isEqualTo("triage");
            assertThat(failed.at("/event/payload").has("run")).isFalse();
            assertThat(Kept.log(conversation)).isEmpty();
            try (TestSocket second = follow(node)) {
                assertThat(second.next("snapshot").path("runs")).isEmpty();
            }
        }
    }
}
