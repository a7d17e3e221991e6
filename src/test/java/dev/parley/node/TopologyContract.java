package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.event.Ids;
import dev.parley.redis.TestTopology;
import dev.parley.support.Await;
import io.lettuce.core.Range;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** A node does all of what it does on whatever topology of Redis. */
interface TopologyContract {

    int CONVERSATIONS = 12;

    TestNode node();

    TestTopology topology();

    /** So many that each master of a cluster has some. */
    static List<String> conversations() {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < CONVERSATIONS; i++) {
            names.add(Ids.random());
        }
        return names;
    }

    static int number(JsonNode frame) {
        return frame.path("event").path("payload").path("n").asInt();
    }

    static String payload(String conversation, int n) {
        return "{\"conversation_id\":\"" + conversation + "\",\"n\":" + n + "}";
    }

    @Test
    default void whatASocketPublishesReachesTheOthersAndIsReplayedToWhoComesBack() {
        for (String c : conversations()) {
            try (TestSocket one = TestSocket.welcomed(node().socket());
                    TestSocket other = TestSocket.welcomed(node().socket())) {
                one.send("{'type':'subscribe','conversation':'" + c + "'}").next("snapshot");
                String first = "";
                for (int n = 1; n <= 3; n++) {
                    one.send("{'type':'publish','conversation':'" + c + "','event':'agent.note','payload':{'n':" + n
                            + "}}");
                    JsonNode event = one.next("event");
                    assertThat(number(event)).isEqualTo(n);
                    first = first.isEmpty() ? event.path("position").asText() : first;
                }
                other.send("{'type':'subscribe','conversation':'" + c + "','since':'" + first + "'}");
                assertThat(other.next("subscribed").path("resumed").asBoolean()).isTrue();
                assertThat(number(other.next("event"))).isEqualTo(2);
                assertThat(number(other.next("event"))).isEqualTo(3);
            }
        }
    }

    @Test
    default void aDurableStreamReachesTheSocketsOfEveryConversationOnceAndInOrder() {
        List<String> conversations = conversations();
        try (TestSocket socket = TestSocket.welcomed(node().socket())) {
            for (String c : conversations) {
                socket.send("{'type':'subscribe','conversation':'" + c + "'}").next("snapshot");
            }
            for (int n = 1; n <= 50; n++) {
                for (String c : conversations) {
                    assertThat(topology()
                                    .commands()
                                    .xadd(
                                            "agent:events:stream",
                                            Map.of("event", "agent.note", "payload", payload(c, n))))
                            .isNotNull();
                }
            }
            Map<String, Integer> last = new HashMap<>();
            for (int i = 0; i < 50 * conversations.size(); i++) {
                JsonNode event = socket.next("event");
                String c = event.path("conversation").asText();
                assertThat(number(event)).isEqualTo(last.merge(c, 1, Integer::sum));
            }
            assertThat(last.keySet()).containsExactlyInAnyOrderElementsOf(conversations);
        }
    }

    @Test
    default void ephemeralEventsAreHeardWhereverTheyArePublished() {
        // What is published before the node hears all masters is lost, as ephemeral events may be.
        Await.until(
                "it hears all of Redis",
                () -> TestHttp.get(node().management("/health/ready")).status() == 200);
        for (String c : conversations()) {
            try (TestSocket socket = TestSocket.welcomed(node().socket())) {
                socket.send("{'type':'subscribe','conversation':'" + c + "'}").next("snapshot");
                // The channel's name decides which server of a cluster it is published on.
                assertThat(topology()
                                .commands()
                                .publish(
                                        "agent:events:note." + c,
                                        "{\"event\":\"agent.note\",\"payload\":" + payload(c, 7) + "}"))
                        .isNotNegative();
                JsonNode event = socket.next("event");
                assertThat(number(event)).isEqualTo(7);
                assertThat(event.has("position")).isFalse();
            }
        }
    }

    @Test
    default void aMessageReachesTheInboxOfItsAgentOnAnotherSlotAndLeavesNoMark() {
        for (String c : conversations()) {
            try (TestSocket socket = TestSocket.welcomed(node().socket())) {
                socket.send("{'type':'subscribe','conversation':'" + c + "'}").next("snapshot");
                for (int i = 0; i < 2; i++) { // the same one again adds nothing
                    socket.send("{'type':'send','conversation':'" + c + "','content':'hi','message_id':'m'}");
                    assertThat(socket.next("ok").path("stored").asBoolean()).isTrue();
                }
                assertThat(topology().commands().xrange("agent:inbox:triage", Range.unbounded()).stream()
                                .filter(entry -> c.equals(entry.getBody().get("conversation_id"))))
                        .hasSize(1);
                assertThat(topology().commands().hkeys("meta:conv:{" + c + "}"))
                        .noneMatch(field -> Objects.requireNonNull(field).startsWith("inbox "));
                assertThat(topology().commands().xlen("messages:conv:{" + c + "}"))
                        .isEqualTo(1);
            }
        }
    }

    @Test
    default void theNodeIsReadyAndHearsItself() {
        Await.until(
                "it is ready",
                () -> TestHttp.get(node().management("/health/ready")).status() == 200);
        JsonNode checks =
                TestHttp.get(node().management("/health/ready")).json().path("checks");
        assertThat(checks)
                .hasSize(4)
                .allSatisfy(check -> assertThat(check.asText()).isEqualTo("up"));
    }
}
