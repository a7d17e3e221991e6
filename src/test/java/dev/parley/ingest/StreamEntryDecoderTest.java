package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.event.AgentEvent;
import dev.parley.event.InvalidEventException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The three forms in which agents write events into a durable stream. */
final class StreamEntryDecoderTest {

    private static final String ID = "1700000000000-3";

    private static AgentEvent event(String... namesAndValues) {
        return StreamEntryDecoder.event(entry(ID, namesAndValues));
    }

    private static StreamEntry entry(String id, String... namesAndValues) {
        Map<String, byte[]> fields = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            fields.put(namesAndValues[i], namesAndValues[i + 1].getBytes(StandardCharsets.UTF_8));
        }
        return new StreamEntry(id, fields);
    }

    private static String json(AgentEvent event) {
        return new String(event.bytes(), StandardCharsets.UTF_8);
    }

    @Test
    void theFieldsOfAnEventBecomeItsJson() {
        AgentEvent event = event(
                "event", "agent.note", "payload", "{\"conversation_id\":\"c\"}", "timestamp", "2026-01-01T00:00:00Z");
        assertThat(json(event))
                .isEqualTo("{\"event\":\"agent.note\",\"timestamp\":\"2026-01-01T00:00:00Z\","
                        + "\"payload\":{\"conversation_id\":\"c\"}}");
    }

    @Test
    void anEventIdIsKept() {
        assertThat(event("event", "agent.note", "event_id", "e1", "payload", "{\"conversation_id\":\"c\"}")
                        .eventId())
                .isEqualTo("e1");
    }

    @Test
    void anEntryWithoutATimestampHasTheTimeOfItsId() {
        assertThat(json(event("event", "agent.note", "conversation_id", "c")))
                .contains("\"timestamp\":\"2023-11-14T22:13:20Z\"");
    }

    @Test
    void anEntryWithoutATimestampAndWithAnUnusualIdIsOfTheEpoch() {
        assertThat(json(StreamEntryDecoder.event(entry("unusual", "event", "agent.note", "conversation_id", "c"))))
                .contains("\"timestamp\":\"1970-01-01T00:00:00Z\"");
    }

    @Test
    void flatFieldsBecomeThePayloadAsStrings() {
        AgentEvent event = event(
                "event",
                "agent.note",
                "conversation_id",
                "c",
                "n",
                "7",
                "timestamp",
                "2026-01-01T00:00:00Z",
                "event_id",
                "e1",
                "text",
                "\"quoted\" ✓");
        assertThat(json(event))
                .endsWith("\"payload\":{\"conversation_id\":\"c\",\"n\":\"7\",\"text\":\"\\\"quoted\\\" ✓\"}}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"event", "event_type", "type"})
    void theTypeHasOneOfThreeNames(String name) {
        assertThat(event(name, "agent.note", "conversation_id", "c").type()).isEqualTo("agent.note");
    }

    @Test
    void ofSeveralNamesOfTheTypeTheFirstCountsAndTheOthersArePayload() {
        assertThat(json(event("type", "x", "event", "agent.note", "conversation_id", "c")))
                .startsWith("{\"event\":\"agent.note\"")
                .endsWith("\"payload\":{\"type\":\"x\",\"conversation_id\":\"c\"}}");
    }

    @Test
    void oneFieldOfDataIsTheWholeEventAsItIs() {
        String whole = "{\"payload\":{\"conversation_id\":\"c\"},  \"event\":\"agent.note\"}";
        assertThat(json(event("data", whole))).isEqualTo(whole);
    }

    @Test
    void dataBesideOtherFieldsIsPayload() {
        assertThat(json(event("event", "agent.note", "conversation_id", "c", "data", "1")))
                .endsWith("\"payload\":{\"conversation_id\":\"c\",\"data\":\"1\"}}");
    }

    @Test
    void anEntryThatNamesNoEventIsInvalid() {
        assertThatThrownBy(() -> event("payload", "{\"conversation_id\":\"c\"}"))
                .isInstanceOf(InvalidEventException.class)
                .hasMessageStartingWith("the entry names no event: it needs a field event");
    }

    @Test
    void aPayloadThatIsNoJsonObjectIsInvalid() {
        assertThatThrownBy(() -> event("event", "agent.note", "payload", "[]"))
                .isInstanceOf(InvalidEventException.class)
                .hasMessageContaining("payload must be a JSON object");
    }

    @Test
    void aFieldThatIsNotUtf8IsInvalidAndNamed() {
        StreamEntry entry = new StreamEntry(
                ID, Map.of("event", "agent.note".getBytes(StandardCharsets.UTF_8), "text", new byte[] {(byte) 0xff}));
        assertThatThrownBy(() -> StreamEntryDecoder.event(entry))
                .isInstanceOf(InvalidEventException.class)
                .hasMessage("field text is not valid UTF-8");
    }

    @Test
    void theSizeOfAnEntryIsThatOfItsValues() {
        assertThat(entry(ID, "a", "12", "b", "345").bytes()).isEqualTo(5);
    }
}
