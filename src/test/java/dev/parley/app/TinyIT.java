package dev.parley.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.redis.TestRedis;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TinyIT {

    @Test
    void anAgentsDurableWordsReachASocket() {
        try (TestNode node = TestNode.start();
                TestSocket socket = TestSocket.welcomed(node.socket())) {
            socket.send("{'type':'subscribe','ref':1,'conversation':'tiny'}");
            assertThat(socket.next().path("resumed").asBoolean()).isFalse();
            assertThat(socket.next().path("type").asText()).isEqualTo("snapshot");
            TestRedis.commands()
                    .xadd(
                            "agent:events:stream",
                            Map.of(
                                    "event",
                                    "agent.response.streaming",
                                    "payload",
                                    "{\"conversation_id\":\"tiny\",\"chunk\":\"Hello\",\"agent\":\"triage\"}"));
            JsonNode event = socket.next("event");
            assertThat(event.path("event").path("payload").path("chunk").asText())
                    .isEqualTo("Hello");
        }
    }
}
