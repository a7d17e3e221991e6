package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.event.AgentEvent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PubSubSourceTest {

    private final List<AgentEvent> taken = new ArrayList<>();
    private final PubSubSource source = new PubSubSource(
            conversation -> conversation.startsWith("here"),
            event -> !event.conversation().equals("here-full") && taken.add(event));

    private void publish(String message) {
        source.message("agent:events:note", message.getBytes(StandardCharsets.UTF_8));
    }

    private static String event(String conversation) {
        return "{\"event\":\"agent.note\",\"payload\":{\"conversation_id\":\"" + conversation + "\"}}";
    }

    private List<Long> counts() {
        return List.of(source.passedOn(), source.elsewhere(), source.malformed());
    }

    @Test
    void anEventOfAHostedConversationIsPassedOnAsItIs() {
        publish(event("here"));
        assertThat(taken).hasSize(1);
        assertThat(new String(taken.get(0).bytes(), StandardCharsets.UTF_8)).isEqualTo(event("here"));
        assertThat(counts()).containsExactly(1L, 0L, 0L);
    }

    @Test
    void anEventOfAnotherConversationIsDroppedWhateverComesBehindItsId() {
        publish(event("there"));
        publish("{\"event\":\"agent.note\",\"payload\":{\"conversation_id\":\"there\", no json at all");
        assertThat(taken).isEmpty();
        assertThat(counts()).containsExactly(0L, 2L, 0L);
    }

    @Test
    void anEventOfAConversationWithTooManyWaitingIsDropped() {
        publish(event("here-full"));
        assertThat(counts()).containsExactly(0L, 1L, 0L);
    }

    @Test
    void aMalformedEventIsCountedAndStopsNothing() {
        publish("no json");
        publish("{\"event\":\"agent.note\",\"payload\":{\"conversation_id\":\"here\", no json at all");
        publish("{\"payload\":{\"conversation_id\":\"here\"}}");
        publish(event("here"));
        assertThat(taken).hasSize(1);
        assertThat(counts()).containsExactly(1L, 0L, 3L);
    }
}
