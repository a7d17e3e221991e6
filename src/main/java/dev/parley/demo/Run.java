package dev.parley.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import reactor.core.publisher.Mono;

/** One agent's part of an answer, as the gateway and the browsers know it. Its events are numbered, so one at a time is published. */
final class Run {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final String conversation;
    private final String agent;
    private final EventStream events;
    private final String id = "run-" + random();
    private final String messageId = "answer-" + random();
    private int published;

    Run(String conversation, String agent, EventStream events) {
        this.conversation = conversation;
        this.agent = agent;
        this.events = events;
    }

    String id() {
        return id;
    }

    Mono<Void> publish(String event, Map<String, ?> fields) {
        return Mono.defer(() -> {
            ObjectNode payload = JSON.createObjectNode()
                    .put("conversation_id", conversation)
                    .put("agent", agent)
                    .put("run", id)
                    .put("message_id", messageId);
            fields.forEach((name, value) -> payload.set(name, JSON.<JsonNode>valueToTree(value)));
            return events.publish(id + "." + published++, event, payload);
        });
    }

    Mono<Void> complete() {
        return publish("agent.run.completed", Map.of());
    }

    Mono<Void> fail(String reason) {
        return publish("agent.run.failed", Map.of("reason", reason));
    }

    private static String random() {
        return Long.toUnsignedString(ThreadLocalRandom.current().nextLong(), 36);
    }
}
