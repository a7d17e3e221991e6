package dev.parley.publish;

import dev.parley.auth.Access;
import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import dev.parley.resilience.QueuedEvent;
import dev.parley.resilience.SpillOffset;
import dev.parley.store.AppendRequest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/** Events for tests of the append queue. */
public final class QueuedEvents {

    public static final Access ACCESS = new Access("acme", true, true);

    private QueuedEvents() {}

    static AgentEvent event(String conversation, String id) {
        return event(conversation, id, 0);
    }

    /** @param padding bytes more than the event needs */
    static AgentEvent event(String conversation, String id, int padding) {
        String json = "{\"event\":\"agent.note\",\"event_id\":\"" + id + "\",\"payload\":{\"conversation_id\":\""
                + conversation + "\",\"p\":\"" + "x".repeat(padding) + "\"},\"timestamp\":\"2026-01-01T00:00:00Z\"}";
        return EventCodec.parse(json.getBytes(StandardCharsets.UTF_8));
    }

    static QueuedEvent queued(String conversation, String id) {
        return new QueuedEvent(event(conversation, id), ACCESS);
    }

    /** One that an earlier process wrote down. */
    static QueuedEvent spilled(String conversation, String id, long number) {
        return new QueuedEvent(event(conversation, id), ACCESS, new SpillOffset("node-1", number));
    }

    static List<String> ids(List<AppendRequest> batch) {
        return batch.stream()
                .map(one -> Objects.requireNonNull(one.event().eventId()))
                .toList();
    }
}
