package dev.parley.event;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EventCodecTest {

    private static final String FULL = """
             { "timestamp" : "2026-11-23T00:00:00Z", "event":"agent.tool.started",
               "payload": {"agent":"triage", "conversation_id":"c1", "run":"r1", "message_id":"m1", "tool":"search \\"web\\"",
               "tool_call_id":"t1", "to":"billing", "content":"caf\\u00e9 ☕", "n": 1.50e+2, "deep":[{"conversation_id":"other"}]},
               "event_id":"e1", "extra":[null,true,{}] }
            """;

    private static byte[] bytes(String json) {
        return json.replace('\'', '"').getBytes(UTF_8);
    }

    private static AgentEvent parse(String json) {
        return EventCodec.parse(bytes(json));
    }

    private static String text(byte @Nullable [] bytes) {
        return new String(Objects.requireNonNull(bytes), UTF_8);
    }

    @Test
    void keepsTheBytesAsTheyCameAndWhatIsRoutedByBesideThem() {
        byte[] bytes = FULL.getBytes(UTF_8);
        AgentEvent event = EventCodec.parse(bytes);
        assertThat(event.bytes()).isEqualTo(FULL.getBytes(UTF_8));
        assertThat(event.type()).isEqualTo("agent.tool.started");
        assertThat(event.kind()).isEqualTo(Kind.TOOL_STARTED);
        assertThat(event.conversation()).isEqualTo("c1");
        assertThat(event.eventId()).isEqualTo("e1");
        assertThat(event.run()).isEqualTo("r1");
        assertThat(event.agent()).isEqualTo("triage");
        assertThat(event.messageId()).isEqualTo("m1");
        assertThat(text(event.tool())).isEqualTo("search \\\"web\\\"");
        assertThat(event.toolCall()).isEqualTo("t1");
        assertThat(event.to()).isEqualTo("billing");
        assertThat(text(event.text())).isEqualTo("caf\\u00e9 ☕");
    }

    @Test
    void whatIsNotThereIsNull() {
        AgentEvent event = parse("{'event':'agent.thinking','payload':{'conversation_id':'c'}}");
        assertThat(event.kind()).isEqualTo(Kind.OTHER);
        assertThat(event.eventId()).isNull();
        assertThat(event.run()).isNull();
        assertThat(event.agent()).isNull();
        assertThat(event.text()).isNull();
        assertThat(event.runKey()).isEqualTo("\n");
    }

    @Test
    void theRunThatNobodyNamesIsTheAgentsOwn() {
        assertThat(parse("{'event':'a','payload':{'conversation_id':'c','agent':'x'}}")
                        .runKey())
                .isEqualTo("\nx");
        assertThat(parse("{'event':'a','payload':{'conversation_id':'c','agent':'x','run':'r'}}")
                        .runKey())
                .isEqualTo("r\nx");
    }

    @Test
    void anIdFromOutsideDoesNotChangeTheBytes() {
        AgentEvent event = parse("{'event':'a','event_id':'mine','payload':{'conversation_id':'c'}}");
        assertThat(event.withEventId("key").eventId()).isEqualTo("key");
        assertThat(event.withEventId("key").bytes()).isSameAs(event.bytes());
    }

    // Text is sliced, not decoded.

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "plain",
                "a \\\"quote\\\" and a \\\\ at the end \\\\",
                "\\n\\t\\u0000\\/",
                "é☕😀",
                "\\ud83d\\ude00",
                "\\ud83d",
                "\\ude00 comes first"
            })
    void aChunksTextIsWhatStandsBetweenItsQuotes(String body) {
        AgentEvent event = EventCodec.parse(("{\"event\":\"agent.response.streaming\",\"payload\":{\"chunk\" : \""
                        + body + "\" ,\"conversation_id\":\"c\"}}")
                .getBytes(UTF_8));
        assertThat(event.kind()).isEqualTo(Kind.CHUNK);
        assertThat(text(event.text())).isEqualTo(body);
        AgentEvent last = EventCodec.parse(("{\"payload\":{\"conversation_id\":\"c\",\"content\":\"x\",\"chunk\":\""
                        + body + "\"\r\n\t },\"event\":\"agent.response.streaming\"}")
                .getBytes(UTF_8));
        assertThat(text(last.text())).isEqualTo(body);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\\q", "\\u12g4", "\\u12", "\\"})
    void anEscapeThatIsNoneIsRefused(String body) {
        assertThatThrownBy(() -> chunk("\"" + body + "\"")).isInstanceOf(InvalidEventException.class);
    }

    @Test
    void aSurrogatePairCutBetweenTwoChunksIsWholeWhenTheyAreJoined() throws IOException {
        String first = text(chunk("\"smile \\ud83d\"").text());
        String second = text(chunk("\"\\ude00!\"").text());
        assertThat(new ObjectMapper().readValue("\"" + first + second + "\"", String.class))
                .isEqualTo("smile 😀!");
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "5", "true", "{\"chunk\":\"inner\"}", "[\"chunk\"]", "-1.5e-3"})
    void aChunkThatIsNoStringHasNoText(String value) {
        assertThat(chunk(value).text()).isNull();
    }

    private static AgentEvent chunk(String value) {
        return EventCodec.parse(
                ("{\"event\":\"agent.response.streaming\",\"payload\":{\"conversation_id\":\"c\",\"chunk\":" + value
                                + "}}")
                        .getBytes(UTF_8));
    }

    @Test
    void onlyAChunksChunkAndOnlyAnothersContentIsItsText() {
        String both = "'payload':{'conversation_id':'c','chunk':'piece','content':'whole'}}";
        assertThat(text(parse("{'event':'agent.response.streaming'," + both).text()))
                .isEqualTo("piece");
        assertThat(text(parse("{'event':'agent.response.completed'," + both).text()))
                .isEqualTo("whole");
    }

    // What is refused.

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                    []                                                                   | must be a JSON object
                    5                                                                    | must be a JSON object
                    null                                                                 | must be a JSON object
                    {}                                                                   | event is missing
                    {'payload':{'conversation_id':'c'}}                                  | event is missing
                    {'event':null,'payload':{'conversation_id':'c'}}                     | event is missing
                    {'event':5,'payload':{'conversation_id':'c'}}                        | event must be
                    {'event':'','payload':{'conversation_id':'c'}}                       | event must be
                    {'event':'a b','payload':{'conversation_id':'c'}}                    | event must be
                    {'event':'a','event':'b','payload':{'conversation_id':'c'}}          | event twice
                    {'event':'a','event_id':7,'payload':{'conversation_id':'c'}}         | event_id must be
                    {'event':'a','event_id':{},'payload':{'conversation_id':'c'}}        | event_id must be
                    {'event':'a'}                                                        | payload is missing
                    {'event':'a','payload':null}                                         | payload must be a JSON object
                    {'event':'a','payload':'{}'}                                         | payload must be a JSON object
                    {'event':'a','payload':[{}]}                                         | payload must be a JSON object
                    {'event':'a','payload':{'conversation_id':'c'},'payload':{}}         | payload twice
                    {'event':'a','payload':{}}                                           | payload.conversation_id is missing
                    {'event':'a','payload':{'conversation_id':null}}                     | payload.conversation_id is missing
                    {'event':'a','payload':{'conversation_id':5}}                        | payload.conversation_id must be
                    {'event':'a','payload':{'conversation_id':'a b'}}                    | payload.conversation_id must be
                    {'event':'a','payload':{'conversation_id':'{c}'}}                    | payload.conversation_id must be
                    {'event':'a','payload':{'conversation_id':'c','run':'r r'}}          | payload.run must be
                    {'event':'a','payload':{'conversation_id':'c','agent':'é'}}          | payload.agent must be
                    {'event':'a','payload':{'conversation_id':'c','message_id':'a b'}}   | payload.message_id must be
                    {'event':'a','payload':{'conversation_id':'c','tool_call_id':1}}     | payload.tool_call_id must be
                    {'event':'a','payload':{'conversation_id':'c','tool_call_id':'a\\u0007'}} | payload.tool_call_id must be a string of at most 2048 bytes of UTF-8 without control
                    {'event':'a','payload':{'conversation_id':'c','tool_call_id':'\\ud800'}} | payload.tool_call_id must be
                    {'event':'a','payload':{'conversation_id':'c','to':['b']}}           | payload.to must be
                    {'event':'a','payload':{'conversation_id':'c'}} x                    | not JSON
                    {'event':'a','payload':{'conversation_id':'c'}}{}                    | after its closing brace
                    {'event':'a','payload':{'conversation_id':'c'}}]                     | not JSON
                    {'event':'a','payload':{'conversation_id':'c'}                       | not JSON
                    {'event':'a','payload':{'conversation_id':'c','x':01}}               | not JSON
                    {'event':'a','payload':{'conversation_id':'c','x':'\\x'}}            | not JSON
                    {'event':'a','payload':{'conversation_id':'c','x':NaN}}              | not JSON
                    {'event':'a','payload':{'conversation_id':'c',}}                     | not JSON
                    {'event':'a',/**/'payload':{'conversation_id':'c'}}                  | not JSON
                    """, quoteCharacter = '`')
    void aRefusalNamesWhatIsWrong(String json, String why) {
        assertThatThrownBy(() -> parse(json))
                .isInstanceOf(InvalidEventException.class)
                .hasMessageContaining(why);
    }

    @Test
    void nothingAtAllIsNoEvent() {
        assertThatThrownBy(() -> EventCodec.parse(new byte[0])).isInstanceOf(InvalidEventException.class);
    }

    @Test
    void aControlCharacterMustBeEscaped() {
        assertThatThrownBy(() -> chunk("\"a\nb\"")).isInstanceOf(InvalidEventException.class);
    }

    @Test
    void nestsAsDeepAsAllowedAndNoDeeper() {
        // The event and its payload are two of the levels.
        assertThat(nested(AgentEvent.MAX_DEPTH - 2).conversation()).isEqualTo("c");
        assertThatThrownBy(() -> nested(AgentEvent.MAX_DEPTH - 1))
                .isInstanceOf(InvalidEventException.class)
                .hasMessageContaining("depth");
        assertThatThrownBy(() -> nested(30_000)).isInstanceOf(InvalidEventException.class);
    }

    private static AgentEvent nested(int levels) {
        return parse(
                "{'event':'a','payload':{'conversation_id':'c','x':" + "[".repeat(levels) + "]".repeat(levels) + "}}");
    }

    @Test
    void isAsLargeAsAllowedAndNoLarger() {
        assertThat(ofSize(AgentEvent.MAX_BYTES).bytes()).hasSize(AgentEvent.MAX_BYTES);
        assertThatThrownBy(() -> ofSize(AgentEvent.MAX_BYTES + 1))
                .isInstanceOf(InvalidEventException.class)
                .hasMessageContaining("65537")
                .hasMessageContaining("65536");
    }

    private static AgentEvent ofSize(int size) {
        String head = "{'event':'a','payload':{'conversation_id':'c','x':'";
        return parse(head + "x".repeat(size - head.length() - 3) + "'}}");
    }

    @Test
    void invalidUtf8IsRefusedAlsoWhereNobodyLooks() {
        byte[] event = bytes("{'event':'a','payload':{'conversation_id':'c','x':'?'}}");
        event[event.length - 4] = (byte) 0xFF;
        assertThatThrownBy(() -> EventCodec.parse(event))
                .isInstanceOf(InvalidEventException.class)
                .hasMessageContaining("UTF-8");
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-16BE", "UTF-16LE", "UTF-16", "UTF-32BE", "UTF-32LE"})
    void otherEncodingsThatJsonOnceHadAreRefused(String charset) {
        byte[] event = "{\"event\":\"a\",\"payload\":{\"conversation_id\":\"c\",\"content\":\"x\"}}"
                .getBytes(Charset.forName(charset));
        assertThatThrownBy(() -> EventCodec.parse(event)).isInstanceOf(InvalidEventException.class);
        assertThatThrownBy(() -> EventCodec.parse(event, "c")).isInstanceOf(InvalidEventException.class);
        assertThatThrownBy(() -> EventCodec.parseIf(c -> false, event)).isInstanceOf(InvalidEventException.class);
    }

    @Test
    void aByteOrderMarkIsRefusedSinceItWouldStandInTheMiddleOfAFrame() {
        byte[] event = "\uFEFF{\"event\":\"a\",\"payload\":{\"conversation_id\":\"c\"}}".getBytes(UTF_8);
        assertThatThrownBy(() -> EventCodec.parse(event)).isInstanceOf(InvalidEventException.class);
    }

    // Events that are sent to one conversation.

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    {'event':'a','payload':{}}               | {'event':'a','payload':{'conversation_id':'c'}}
                    {'event':'a','payload':{ }}              | {'event':'a','payload':{'conversation_id':'c' }}
                    {'event':'a','payload': {'x':1} }        | {'event':'a','payload': {'conversation_id':'c','x':1} }
                    {'payload':{ 'x':{}},'event':'a'}        | {'payload':{'conversation_id':'c', 'x':{}},'event':'a'}
                    {'event':'a','payload':{'x':'é'},'é':1}  | {'event':'a','payload':{'conversation_id':'c','x':'é'},'é':1}
                    """, quoteCharacter = '`')
    void aMissingConversationIsPutIn(String given, String stored) {
        AgentEvent event = EventCodec.parse(bytes(given), "c");
        assertThat(text(event.bytes())).isEqualTo(stored.replace('\'', '"'));
        assertThat(event.conversation()).isEqualTo("c");
    }

    @Test
    void theSameConversationIsLeftAsItStands() {
        byte[] given = bytes("{'event':'a','payload':{'x':1, 'conversation_id' : 'c'}}");
        assertThat(EventCodec.parse(given, "c").bytes()).isSameAs(given);
    }

    @Test
    void anotherConversationIsRefusedByBothNames() {
        assertThatThrownBy(
                        () -> EventCodec.parse(bytes("{'event':'a','payload':{'conversation_id':'theirs'}}"), "mine"))
                .isInstanceOf(InvalidEventException.class)
                .hasMessageContaining("theirs")
                .hasMessageContaining("mine");
    }

    @Test
    void theLastOfTwoConversationsCounts() {
        byte[] two = bytes("{'event':'a','payload':{'conversation_id':'mine','conversation_id':'theirs'}}");
        assertThatThrownBy(() -> EventCodec.parse(two, "mine")).isInstanceOf(InvalidEventException.class);
        assertThatThrownBy(() -> EventCodec.parse(
                        bytes("{'event':'a','payload':{'conversation_id':'mine','conversation_id':null}}"), "mine"))
                .isInstanceOf(InvalidEventException.class);
    }

    @Test
    void anEventThatIsTooLargeWithItsConversationIsRefused() {
        String head = "{'event':'a','payload':{'x':'";
        byte[] event = bytes(head + "x".repeat(AgentEvent.MAX_BYTES - head.length() - 3) + "'}}");
        assertThat(event).hasSize(AgentEvent.MAX_BYTES);
        assertThatThrownBy(() -> EventCodec.parse(event, "c"))
                .isInstanceOf(InvalidEventException.class)
                .hasMessageContaining("65536");
    }

    // Events made of parts.

    @Test
    void partsBecomeOneEventWithThePayloadAsItIs() {
        AgentEvent event = EventCodec.assemble("a", "e1", "now", bytes("{ 'x' : 1.0 }"), "c");
        assertThat(text(event.bytes()))
                .isEqualTo(
                        "{'event':'a','event_id':'e1','timestamp':'now','payload':{'conversation_id':'c', 'x' : 1.0 }}"
                                .replace('\'', '"'));
        assertThat(event.eventId()).isEqualTo("e1");
    }

    @Test
    void aPayloadMayHaveSpaceAroundIt() {
        AgentEvent event = EventCodec.assemble("a", null, "now", bytes(" \n{'conversation_id':'c'}\r\n\t "), null);
        assertThat(event.conversation()).isEqualTo("c");
    }

    @Test
    void partsAreQuoted() throws JsonProcessingException {
        String timestamp = "\"},\\\n😀";
        AgentEvent event = EventCodec.assemble("a", null, timestamp, bytes("{'conversation_id':'c'}"), null);
        assertThat(new ObjectMapper()
                        .readTree(text(event.bytes()))
                        .path("timestamp")
                        .asText())
                .isEqualTo(timestamp);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{},'x':1",
                "{},'event':'user.message'",
                "{},'event_id':'e2'",
                "{},'payload':{'conversation_id':'c'}",
                "{'conversation_id':'c'},'x':{}",
                "{'conversation_id':'c'}}",
                "{'conversation_id':'c'}} {",
                "{'conversation_id':'c'}},{'event':'b'",
                "{'conversation_id':'c'",
                "'x'",
                "5",
                "null",
                "",
                " ",
                "[]",
                "{'conversation_id':'c'}/**/"
            })
    void aPayloadCanNotBreakOut(String payload) {
        assertThatThrownBy(() -> EventCodec.assemble("a", null, "now", bytes(payload), "c"))
                .isInstanceOf(InvalidEventException.class);
        assertThatThrownBy(() -> EventCodec.assemble("a", null, "now", bytes(payload), null))
                .isInstanceOf(InvalidEventException.class);
    }

    @Test
    void aToolCallMayHaveAnyIdOfUpTo2KiB() {
        for (String id : List.of("call_7__thought__" + "Ab1_".repeat(225), "a b", "{\\\"é☕\\\\}", "x".repeat(2_048))) {
            AgentEvent event =
                    parse("{'event':'agent.tool.started','payload':{'conversation_id':'c','tool':'t','tool_call_id':'"
                            + id + "'}}");
            assertThat(event.toolKey()).isEqualTo(id.replace("\\\"", "\"").replace("\\\\", "\\"));
            assertThat(event.toolJson()).isEqualTo("{\"tool\":\"t\",\"tool_call_id\":\"%s\"}", id);
        }
        String long1 = "{'event':'a','payload':{'conversation_id':'c','tool_call_id':'" + "é".repeat(1_025) + "'}}";
        assertThatThrownBy(() -> parse(long1)).hasMessageContaining("payload.tool_call_id must be");
    }

    @Test
    void anEmptyNameCountsAsAbsent() {
        AgentEvent event = parse(
                "{'event':'a','event_id':'','payload':{'conversation_id':'c','run':'','agent':'','message_id':'','to':'','tool_call_id':'','tool':'t'}}");
        assertThat(event.eventId()).isNull();
        assertThat(event.run()).isNull();
        assertThat(event.agent()).isNull();
        assertThat(event.messageId()).isNull();
        assertThat(event.to()).isNull();
        assertThat(event.toolCall()).isNull();
        assertThat(event.toolKey()).isEqualTo("t");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\",\"x\":\"", "a b", "é"})
    void aNameThatIsNoIdIsRefused(String name) {
        byte[] payload = bytes("{'conversation_id':'c'}");
        assertThatThrownBy(() -> EventCodec.assemble(name, null, "now", payload, null))
                .isInstanceOf(InvalidEventException.class)
                .hasMessageStartingWith("event must");
        assertThatThrownBy(() -> EventCodec.assemble("a", name, "now", payload, null))
                .isInstanceOf(InvalidEventException.class)
                .hasMessageStartingWith("event_id must");
    }

    // What is wanted only of some conversations.

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'event':'a','payload':{'x':[{}],'conversation_id':'c'",
                "{'payload':{'conversation_id':'c'}}",
                "{'payload':{'conversation_id':'c'}} and more",
                "{'payload':{'conversation_id':'c','x':'\uD800'}}"
            })
    void ofWhatIsNotWantedNothingIsReadBehindItsConversation(String json) {
        List<String> asked = new ArrayList<>();
        assertThat(EventCodec.parseIf(conversation -> !asked.add(conversation), bytes(json)))
                .isNull();
        assertThat(asked).containsExactly("c");
        assertThatThrownBy(() -> EventCodec.parseIf(conversation -> true, bytes(json)))
                .isInstanceOf(InvalidEventException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'event':{'payload':{'conversation_id':'no'}}}",
                "{'event':'a','payload':{'x':{'conversation_id':'no'}}}",
                "{'payload':{'conversation_id':5}}",
                "{'payload':{'conversation_id':'a b'}}",
                "{'payload':['conversation_id','c']}",
                "['payload']",
                "{'event':a,'payload':{'conversation_id':'c'}}"
            })
    void nobodyIsAskedAboutWhatIsNoConversation(String json) {
        assertThatThrownBy(() -> EventCodec.parseIf(
                        conversation -> {
                            throw new AssertionError(conversation);
                        },
                        bytes(json)))
                .isInstanceOf(InvalidEventException.class);
    }

    @Test
    void whatIsWantedIsReadToItsEnd() {
        byte[] json = bytes("{'event':'agent.response.streaming','payload':{'conversation_id':'c','chunk':'x'}}");
        AgentEvent event = EventCodec.parseIf("c"::equals, json);
        assertThat(event).usingRecursiveComparison().isEqualTo(EventCodec.parse(json));
    }

    @Test
    void aLeaseIsAWholeNumberOfMilliseconds() {
        assertThat(parse("{'event':'agent.run.started','payload':{'conversation_id':'c','lease_ms':60000}}")
                        .leaseMs())
                .isEqualTo(60_000);
        assertThat(parse("{'event':'agent.run.started','payload':{'conversation_id':'c'}}")
                        .leaseMs())
                .isZero();
        for (String wrong : List.of("0", "-1", "1.5", "'1m'", "99999999999", "{}")) {
            assertThatThrownBy(() -> parse(
                            "{'event':'agent.run.started','payload':{'conversation_id':'c','lease_ms':" + wrong + "}}"))
                    .isInstanceOf(InvalidEventException.class)
                    .hasMessageContaining("lease_ms");
        }
    }

    @Test
    void aLeaseIsKeptWithinASecondAndADay() {
        assertThat(parse("{'event':'agent.run.started','payload':{'conversation_id':'c','lease_ms':1}}")
                        .leaseMs())
                .isEqualTo(1_000);
        assertThat(parse("{'event':'agent.run.started','payload':{'conversation_id':'c','lease_ms':999999999}}")
                        .leaseMs())
                .isEqualTo(86_400_000);
    }

    @Test
    void bytesBentAtRandomAreAnEventOrAreRefusedAndWhatIsTakenIsJson() throws IOException {
        ObjectMapper strict = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
        byte[] good = FULL.getBytes(UTF_8);
        Random random = new Random(7);
        int taken = 0;
        for (int i = 0; i < 30_000; i++) {
            byte[] bent = good.clone();
            for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
                bent[random.nextInt(bent.length)] =
                        random.nextBoolean() ? (byte) random.nextInt() : good[random.nextInt(good.length)];
            }
            Throwable refused = catchThrowable(() -> read(bent));
            if (refused == null) {
                taken++;
                assertThat(strict.readTree(bent).isObject()).isTrue();
            } else {
                assertThat(refused).isInstanceOf(InvalidEventException.class);
            }
        }
        assertThat(taken).isBetween(1_000, 29_000);
    }

    private static void read(byte[] bytes) {
        AgentEvent event = EventCodec.parse(bytes);
        assertThat(event.bytes()).isSameAs(bytes);
    }
}
