package dev.parley.hub;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import dev.parley.support.FoldCases;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class EphemeralRunsTest {

    private static final Duration SILENCE = Duration.ofMinutes(5);

    private long now;
    private final EphemeralRuns runs = new EphemeralRuns(SILENCE, () -> now);

    static List<FoldCases.Case> cases() {
        return FoldCases.all();
    }

    private static AgentEvent event(String json) {
        return EventCodec.parse(json.replace('\'', '"').getBytes(UTF_8));
    }

    private JsonNode shown() throws IOException {
        return FoldCases.JSON.readTree("[" + String.join(",", runs.json()) + "]");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void runsAreFoldedAsEverywhere(FoldCases.Case one) throws IOException {
        for (JsonNode event : one.events()) {
            boolean late =
                    runs.fold(EventCodec.parse(FoldCases.published(event, "c").getBytes(UTF_8)));
            assertThat(late)
                    .as("%s", event)
                    .isEqualTo(event.path("late").asText().equals("always"));
        }
        assertThat(FoldCases.runs(shown())).isEqualTo(one.runs());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void noTwoRunsThatAreInProgressHaveOneMessageId(FoldCases.Case one) throws IOException {
        Set<String> ids = new HashSet<>();
        for (JsonNode event : one.events()) {
            boolean unused =
                    runs.fold(EventCodec.parse(FoldCases.published(event, "c").getBytes(UTF_8)));
        }
        for (JsonNode run : shown()) {
            assertThat(ids.add(run.path("message_id").asText())).isTrue();
        }
    }

    @Test
    void aDurableEndEndsThemAndADurableStartOpensThemAnew() {
        String chunk =
                "{'event':'agent.response.streaming','payload':{'conversation_id':'c','run':'r','agent':'a','chunk':'x'}}";
        String end = "{'event':'agent.run.completed','payload':{'conversation_id':'c','run':'r','agent':'a'}}";
        assertThat(runs.fold(event(chunk))).isFalse();
        runs.foldDurable(event(end).bytes());
        assertThat(runs.fold(event(chunk))).isTrue();
        assertThat(runs.isEmpty()).isTrue();
        runs.foldDurable(event(end.replace("completed", "started")).bytes());
        assertThat(runs.fold(event(chunk))).isFalse();
        assertThat(runs.json()).hasSize(1);
    }

    @Test
    void whatIsLostIsOverAndItsAgentMayStillSayAllOfIt() {
        String chunk =
                "{'event':'agent.response.streaming','payload':{'conversation_id':'c','run':'r','agent':'a','chunk':'x'}}";
        String end =
                "{'event':'agent.run.completed','payload':{'conversation_id':'c','run':'r','agent':'a','content':'all'}}";
        assertThat(runs.fold(event(chunk))).isFalse();
        pass(SILENCE);
        assertThat(runs.takeLost("c")).isEmpty();
        pass(Duration.ofNanos(1));
        assertThat(runs.takeLost("c")).singleElement().satisfies(lost -> {
            assertThat(lost.run()).isEqualTo("r");
            assertThat(lost.agent()).isEqualTo("a");
        });
        assertThat(runs.fold(event(chunk))).isTrue();
        assertThat(runs.fold(event(end))).isFalse();
        assertThat(runs.fold(event(end))).isTrue();
    }

    @Test
    void whatIsRememberedOfRunsThatHaveEndedIsBounded() {
        EndedRuns ended = new EndedRuns(() -> now);
        for (int i = 0; i < 10_000; i++) {
            ended.add("e " + i);
        }
        assertThat(ended.has("e 0")).isFalse();
        assertThat(ended.has("e 9999")).isTrue();
        assertThat(ended.remove("e 9999")).isTrue();
        assertThat(ended.remove("e 9999")).isFalse();
    }

    private void pass(Duration time) {
        now += time.toNanos();
    }

    /** An event of a run, both named by a letter: {@code "chunk r a 'chunk':'x'"}; {@code -} where there is none. Returns whether it is late. */
    private boolean fold(String event) {
        return runs.fold(agentEvent(event));
    }

    private static AgentEvent agentEvent(String event) {
        String[] words = event.split(" ", 4);
        String type = switch (words[0]) {
            case "chunk" -> "agent.response.streaming";
            case "start" -> "agent.run.started";
            case "end" -> "agent.run.completed";
            case "tool" -> "agent.tool.started";
            case "handoff" -> "agent.handoff.completed";
            default -> "agent." + words[0];
        };
        return event("{'event':'" + type + "','payload':{'conversation_id':'c'" + field("run", words[1])
                + field("agent", words[2]) + (words.length == 4 ? "," + words[3] : "") + "}}");
    }

    private static String field(String name, String value) {
        return value.equals("-") ? "" : ",'" + name + "':'" + value + "'";
    }

    /** The agents and runs in progress, as {@code a/r}. */
    private List<String> inProgress() throws IOException {
        List<String> names = new ArrayList<>();
        shown().forEach(run ->
                names.add(run.path("agent").asText() + "/" + run.path("run").asText()));
        return names;
    }

    @Test
    void aTextThatIsTooLongIsCutAndSaysSo() throws IOException {
        String text = "x".repeat(60_000);
        for (int i = 0; i < 4; i++) {
            assertThat(fold("chunk r a 'chunk':'" + text + "'")).isFalse();
        }
        assertThat(shown().get(0).has("truncated")).isFalse();
        assertThat(fold("chunk r a 'chunk':'" + text + "'")).isFalse();
        assertThat(fold("chunk r a 'chunk':'short, but behind what is not there'"))
                .isFalse();
        assertThat(shown().get(0).path("truncated").asBoolean()).isTrue();
        assertThat(shown().get(0).path("text").asText()).isEqualTo(text.repeat(4));
    }

    @Test
    void aChunkWithoutTextBeginsItsRun() throws IOException {
        assertThat(fold("chunk r a")).isFalse();
        assertThat(inProgress()).containsExactly("a/r");
        assertThat(shown().get(0).path("text").asText()).isEmpty();
    }

    @Test
    void aStartWithoutARunBeginsTheAgentsOwn() throws IOException {
        assertThat(fold("start - a 'message_id':'m'")).isFalse();
        assertThat(inProgress()).containsExactly("a/");
        assertThat(shown().get(0).path("message_id").asText()).isEqualTo("m");
    }

    @Test
    void toolsOfARunAreBounded() throws IOException {
        for (int i = 0; i < 40; i++) {
            assertThat(fold("tool r a 'tool':'t','tool_call_id':'" + i + "'")).isFalse();
        }
        assertThat(shown().get(0).path("tools")).hasSize(32);
        assertThat(fold("tool.completed r a 'tool':'t','tool_call_id':'0'")).isFalse();
        assertThat(fold("tool r a 'tool':'t','tool_call_id':'another'")).isFalse();
        assertThat(shown().get(0).path("tools")).hasSize(32);
    }

    @Test
    void runsAreBoundedAndTheOldestGo() throws IOException {
        for (int i = 0; i < 17; i++) {
            assertThat(fold("chunk r" + i + " a 'chunk':'x'")).isFalse();
        }
        assertThat(inProgress()).hasSize(16).doesNotContain("a/r0").contains("a/r16");
        assertThat(fold("chunk r0 a 'chunk':'again'")).as("it has not ended").isFalse();
        assertThat(inProgress()).hasSize(16).doesNotContain("a/r1").contains("a/r0");
    }

    @Test
    void whatNamesNoAgentIsOfItsOwnRunOnly() throws IOException {
        assertThat(fold("chunk r a 'chunk':'r'")).isFalse();
        assertThat(fold("chunk q b 'chunk':'q'")).isFalse();
        assertThat(fold("chunk r - 'chunk':'more'")).isFalse();
        assertThat(shown().get(0).path("text").asText()).isEqualTo("rmore");
        assertThat(fold("end r -")).isFalse();
        assertThat(inProgress()).containsExactly("b/q");
    }

    @Test
    void whatElseIsSaidIsLateOnlyBehindTheEndOfItsRun() {
        assertThat(fold("note r a")).isFalse();
        assertThat(runs.isEmpty()).as("it opens nothing").isTrue();
        assertThat(fold("chunk r a 'chunk':'x'")).isFalse();
        assertThat(fold("note r a")).isFalse();
        assertThat(fold("end r a")).isFalse();
        assertThat(fold("note r a")).isTrue();
        assertThat(fold("note - a")).as("it is of no run").isFalse();
    }

    @Test
    void whatElseIsSaidKeepsARunAlive() {
        assertThat(fold("chunk r a 'chunk':'x'")).isFalse();
        pass(SILENCE);
        assertThat(fold("note r a")).isFalse();
        pass(SILENCE);
        assertThat(runs.takeLost("c")).isEmpty();
    }

    @Test
    void anEndThatSaysNothingDoesNotEndWhatIsLostAnew() {
        assertThat(fold("chunk r a 'chunk':'x'")).isFalse();
        pass(SILENCE.plusNanos(1));
        assertThat(runs.takeLost("c")).hasSize(1);
        assertThat(fold("end r a 'content':''")).isTrue();
        assertThat(fold("end r a 'content':'all'")).isFalse();
    }

    @Test
    void anImplicitRunOfNobodyIsLostUnderNoName() {
        assertThat(fold("chunk - - 'chunk':'x'")).isFalse();
        pass(SILENCE.plusNanos(1));
        assertThat(runs.takeLost("c")).singleElement().satisfies(lost -> {
            assertThat(lost.run()).isEmpty();
            assertThat(lost.agent()).isEmpty();
            assertThat(lost.lease()).isEqualTo(SILENCE);
        });
        assertThat(fold("chunk - - 'chunk':'y'")).as("the next one begins").isFalse();
        assertThat(runs.isEmpty()).isFalse();
    }

    @Test
    void whoHasHandedOverSaysToWhom() throws IOException {
        assertThat(fold("chunk r a 'chunk':'x'")).isFalse();
        assertThat(fold("chunk q b 'chunk':'x'")).isFalse();
        assertThat(fold("handoff r a 'to':'c'")).isFalse();
        assertThat(shown().get(0).path("handed_to").asText()).isEqualTo("c");
        assertThat(shown().get(1).has("handed_to")).isFalse();
        assertThat(fold("handoff r a 'to':'a'")).isFalse();
        assertThat(shown().get(0).has("handed_to")).as("to itself").isFalse();
    }

    @Test
    void aHandOffThatNamesNoAgentIsOfAllWhoAreInTheRun() throws IOException {
        assertThat(fold("chunk r a 'chunk':'x'")).isFalse();
        assertThat(fold("chunk r - 'chunk':'x'")).isFalse();
        assertThat(fold("chunk s - 'chunk':'x'")).isFalse();
        assertThat(fold("handoff r - 'to':'b'")).isFalse();
        assertThat(fold("handoff s - 'to':'b'")).isFalse();
        assertThat(shown())
                .allSatisfy(run -> assertThat(run.path("handed_to").asText()).isEqualTo("b"));
        assertThat(fold("chunk r b 'chunk':'x'")).isFalse();
        assertThat(fold("chunk s b 'chunk':'x'")).isFalse();
        assertThat(inProgress()).containsExactly("b/r", "b/s");
    }

    @Test
    void aHandOffOfNobodyOrToNobodyChangesNothing() throws IOException {
        assertThat(fold("chunk r a 'chunk':'x'")).isFalse();
        assertThat(fold("handoff - - 'to':'b'")).isFalse();
        assertThat(fold("handoff r a")).isFalse();
        assertThat(fold("handoff r other 'to':'b'")).isFalse();
        assertThat(shown().get(0).has("handed_to")).isFalse();
    }

    @Test
    void onlyWhoHasHandedOverSaysSo() throws IOException {
        assertThat(fold("chunk r a 'chunk':'x'")).isFalse();
        assertThat(fold("chunk r d 'chunk':'x'")).isFalse();
        assertThat(fold("handoff r a 'to':'b'")).isFalse();
        assertThat(shown().get(0).path("handed_to").asText()).isEqualTo("b");
        assertThat(shown().get(1).has("handed_to")).isFalse();
    }

    @Test
    void aDurableHandOffIsOneToo() throws IOException {
        assertThat(fold("chunk r a 'chunk':'x'")).isFalse();
        runs.foldDurable(agentEvent("handoff r a 'to':'b'").bytes());
        runs.foldDurable(agentEvent("note r a").bytes());
        assertThat(shown().get(0).path("handed_to").asText()).isEqualTo("b");
    }

    @Test
    void durableEventsOpenNothing() {
        runs.foldDurable(agentEvent("start r a").bytes());
        runs.foldDurable(agentEvent("end r a").bytes());
        assertThat(runs.isEmpty()).isTrue();
        assertThat(fold("chunk r a 'chunk':'x'")).as("nobody had begun it here").isFalse();
    }

    @Test
    void thatARunHasEndedIsRememberedForAnHour() {
        assertThat(fold("end r a 'content':'all'")).isFalse();
        pass(Duration.ofHours(1).minusNanos(1));
        assertThat(fold("chunk r a 'chunk':'late'")).isTrue();
        pass(Duration.ofNanos(1));
        assertThat(fold("chunk r a 'chunk':'new'")).isFalse();
    }
}
