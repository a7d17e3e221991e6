package dev.parley.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.event.Ids;
import dev.parley.node.TestNode;
import dev.parley.node.TestSocket;

/** Somebody who follows a conversation of their own while others misbehave. */
final class Bystander implements AutoCloseable {

    private static final int EVENTS = 5;

    private final String conversation = "bystander-" + Ids.random();
    private final TestSocket agent;
    private final TestSocket socket;
    private int published;

    Bystander(TestNode node) {
        agent = TestSocket.welcomed(node.socket());
        socket = TestSocket.welcomed(node.socket());
        socket.send("{'type':'subscribe','conversation':'" + conversation + "'}");
        assertThat(socket.next().path("type").asText()).isEqualTo("subscribed");
        assertThat(socket.next().path("type").asText()).isEqualTo("snapshot");
    }

    /** Events published now arrive, in order, once, and nothing else does. */
    void stillGetsItsEvents() {
        for (int i = published; i < published + EVENTS; i++) {
            agent.send("{'type':'publish','conversation':'" + conversation
                    + "','event':'agent.thinking','payload':{'n':" + i + "}}");
        }
        for (int i = 0; i < EVENTS; i++) {
            assertThat(agent.next().path("type").asText()).isEqualTo("ok");
            JsonNode event = socket.next();
            if (event.path("type").asText().equals("ping")) {
                socket.send("{'type':'pong'}");
                event = socket.next();
            }
            assertThat(event.path("type").asText()).isEqualTo("event");
            assertThat(event.at("/event/payload/n").asInt(-1)).isEqualTo(published++);
        }
        assertThat(socket.waiting()).isZero();
    }

    @Override
    public void close() {
        agent.close();
        socket.close();
    }
}
