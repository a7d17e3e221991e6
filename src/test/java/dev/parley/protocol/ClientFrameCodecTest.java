package dev.parley.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import java.nio.charset.Charset;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClientFrameCodecTest {

    private static byte[] bytes(String json) {
        return json.replace('\'', '"').getBytes(UTF_8);
    }

    private static ClientFrame parse(String json) {
        return ClientFrameCodec.parse(bytes(json));
    }

    private static ParleyException refusal(String json) {
        ClientFrame frame = parse(json);
        assertThat(frame).isInstanceOf(ClientFrame.Refused.class);
        return ((ClientFrame.Refused) frame).refusal();
    }

    // What is asked for.

    @Test
    void framesWithAllTheirFields() {
        assertThat(parse("{'type':'auth','ref':1,'token':'t.t.t'}")).isEqualTo(new ClientFrame.Auth("1", "t.t.t"));
        assertThat(parse("{'type':'subscribe','ref':1,'conversation':'c','since':'1-0'}"))
                .isEqualTo(new ClientFrame.Subscribe("1", "c", "1-0"));
        assertThat(parse("{'type':'unsubscribe','ref':1,'conversation':'c'}"))
                .isEqualTo(new ClientFrame.Unsubscribe("1", "c"));
        assertThat(parse("{'type':'cancel','ref':1,'conversation':'c','run':'r','reason':'enough'}"))
                .isEqualTo(new ClientFrame.Cancel("1", "c", "r", "enough"));
        assertThat(parse("{'type':'ping','ref':1}")).isEqualTo(new ClientFrame.Ping("1"));
        assertThat(parse("{'type':'pong','ref':1}")).isEqualTo(new ClientFrame.Pong("1"));
    }

    @Test
    void aSendKeepsItsMetadataAsItIs() {
        ClientFrame.Send send = (ClientFrame.Send)
                parse("{'metadata': { 'a' : [1.0, {}] } ,'type':'send','conversation':'c','content':'caf\\u00e9',"
                        + "'message_id':'m','ref':'s'}");
        assertThat(send.ref()).isEqualTo("\"s\"");
        assertThat(send.content()).isEqualTo(MessageContent.text("café"));
        assertThat(send.messageId()).isEqualTo("m");
        assertThat(send.metadata()).isEqualTo(bytes("{ 'a' : [1.0, {}] }"));
    }

    @Test
    void aPublishKeepsItsPayloadAsItIsAndIsDurableUnlessToldNotTo() {
        ClientFrame.Publish publish = (ClientFrame.Publish)
                parse("{'type':'publish','conversation':'c','event':'a','event_id':'e','payload':{ 'é' : '}' }}");
        assertThat(publish.payload()).isEqualTo(bytes("{ 'é' : '}' }"));
        assertThat(publish.eventId()).isEqualTo("e");
        assertThat(publish.durable()).isTrue();
        publish = (ClientFrame.Publish)
                parse("{'type':'publish','conversation':'c','event':'a','payload':{},'durable':false}");
        assertThat(publish.durable()).isFalse();
        assertThat(publish.eventId()).isNull();
    }

    @Test
    void nullIsAsGoodAsNothingWhereAFieldIsOptional() {
        assertThat(parse("{'type':'subscribe','conversation':'c','since':null}"))
                .isEqualTo(new ClientFrame.Subscribe(null, "c", null));
        ClientFrame.Send send =
                (ClientFrame.Send) parse("{'type':'send','conversation':'c','content':'','metadata':null}");
        assertThat(send.metadata()).isNull();
        assertThat(send.content().json()).isEqualTo("\"\"");
    }

    @Test
    void unknownFieldsAreIgnoredWhateverTheyAre() {
        assertThat(parse("{'x':[1,{'type':'no'}],'type':'ping','y':{'ref':9},'z':1e9,'ref':2,'v':null,'w':'\\ud83d'}"))
                .isEqualTo(new ClientFrame.Ping("2"));
    }

    // What is wrong with it.

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    {}                                                                         | type is missing
                    {'type':null}                                                              | type is missing
                    {'type':5}                                                                 | type must be a string
                    {'type':['ping']}                                                          | type must be a string
                    {'type':{'ping':1}}                                                        | type must be a string
                    {'type':'Ping'}                                                            | type is unknown
                    {'type':''}                                                                | type is unknown
                    {'type':'call','params':{}}                                               | method is missing
                    {'type':'auth'}                                                            | token is missing
                    {'type':'auth','token':null}                                               | token is missing
                    {'type':'auth','token':5}                                                  | token must be a string
                    {'type':'subscribe'}                                                       | conversation is missing
                    {'type':'subscribe','conversation':['c']}                                  | conversation must be a string
                    {'type':'subscribe','conversation':'c','since':5}                          | since must be a string
                    {'type':'subscribe','conversation':'c','since':{}}                         | since must be a string
                    {'type':'unsubscribe'}                                                     | conversation is missing
                    {'type':'unsubscribe','conversation':true}                                 | conversation must be a string
                    {'type':'send','content':'x'}                                              | conversation is missing
                    {'type':'send','conversation':5,'content':'x'}                             | conversation must be a string
                    {'type':'send','conversation':'c'}                                         | content is missing
                    {'type':'send','conversation':'c','content':{}}                            | content must be a string
                    {'type':'send','conversation':'c','content':[]}                        | content must be a string
                    {'type':'send','conversation':'c','content':['x']}                     | content must be a string
                    {'type':'send','conversation':'c','content':[{'text':'x'}]}            | content must be a string
                    {'type':'send','conversation':'c','content':5}                         | content must be a string
                    {'type':'send','conversation':'c','content':'x','message_id':5}            | message_id must be a string
                    {'type':'send','conversation':'c','content':'x','metadata':'{}'}           | metadata must be a JSON object
                    {'type':'send','conversation':'c','content':'x','metadata':[]}             | metadata must be a JSON object
                    {'type':'publish','event':'a','payload':{}}                                | conversation is missing
                    {'type':'publish','conversation':{},'event':'a','payload':{}}              | conversation must be a string
                    {'type':'publish','conversation':'c','payload':{}}                         | event is missing
                    {'type':'publish','conversation':'c','event':{},'payload':{}}              | event must be a string
                    {'type':'publish','conversation':'c','event':'a'}                          | payload is missing
                    {'type':'publish','conversation':'c','event':'a','payload':'{}'}           | payload must be a JSON object
                    {'type':'publish','conversation':'c','event':'a','payload':[]}             | payload must be a JSON object
                    {'type':'publish','conversation':'c','event':'a','payload':{},'event_id':1} | event_id must be a string
                    {'type':'publish','conversation':'c','event':'a','payload':{},'durable':1} | durable must be true or false
                    {'type':'publish','conversation':'c','event':'a','payload':{},'durable':'true'} | durable must be true or false
                    {'type':'cancel'}                                                          | conversation is missing
                    {'type':'cancel','conversation':5}                                         | conversation must be a string
                    {'type':'cancel','conversation':'c','run':5}                               | run must be a string
                    {'type':'cancel','conversation':'c','reason':{}}                           | reason must be a string
                    [{'type':'ping'}]                                                          | must be a JSON object
                    'ping'                                                                     | must be a JSON object
                    null                                                                       | must be a JSON object
                    5                                                                          | must be a JSON object
                    {'type':'ping'}{'type':'ping'}                                             | after the closing brace
                    """)
    void aRefusalNamesTheField(String json, String why) {
        ParleyException refusal = refusal(json);
        assertThat(refusal.code()).isEqualTo(ErrorCode.BAD_REQUEST);
        assertThat(refusal).hasMessageContaining(why);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'ref':7,'type':'send','conversation':5}", "{'type':'send','conversation':5,'ref':7}"})
    void aRefusedFrameKeepsItsRefWhereverItStands(String json) {
        assertThat(parse(json).ref()).isEqualTo("7");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "ping",
                "{",
                "{'type':'ping'",
                "{'type':'ping'} x",
                "{type:'ping'}",
                "{'type':'ping',}",
                "{'type':'ping','x':01}",
                "{'type':'ping','x':'\\x'}",
                "{'type':'ping','x':tru}",
                "\u0000",
                "[1",
                "{'ref':-}"
            })
    void whatIsNoJsonIsAnotherMatter(String text) {
        assertThatThrownBy(() -> parse(text)).isInstanceOf(NotJsonException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-16BE", "UTF-16LE", "UTF-16", "UTF-32BE", "UTF-32LE"})
    void otherEncodingsThatJsonOnceHadAreNoJson(String charset) {
        byte[] frame = "{\"type\":\"send\",\"ref\":1,\"metadata\":{}}".getBytes(Charset.forName(charset));
        assertThatThrownBy(() -> ClientFrameCodec.parse(frame)).isInstanceOf(NotJsonException.class);
    }

    @Test
    void nestsAsDeepAsAllowedAndNoDeeper() {
        assertThat(parse(nested(ClientFrameCodec.MAX_DEPTH - 1))).isEqualTo(new ClientFrame.Ping("1"));
        assertThat(refusal(nested(ClientFrameCodec.MAX_DEPTH)).code()).isEqualTo(ErrorCode.BAD_REQUEST);
        assertThat(refusal(nested(60_000)).code()).isEqualTo(ErrorCode.BAD_REQUEST);
        assertThat(parse(nested(60_000)).ref()).isEqualTo("1");
        assertThat(refusal("[".repeat(60_000)).code()).isEqualTo(ErrorCode.BAD_REQUEST);
    }

    private static String nested(int levels) {
        return "{'ref':1,'type':'ping','x':" + "[".repeat(levels) + "]".repeat(levels) + "}";
    }

    // Refs.

    @ParameterizedTest
    @ValueSource(
            strings = {
                "7",
                "-7",
                "0",
                "1.50",
                "1E+400",
                "123456789012345678901234567890",
                "\"\"",
                "\"a\"",
                "\"é😀\"",
                "\"\\u00e9 \\\" \\\\ \\n\"",
                "\"\\ud83d\""
            })
    void aRefIsEchoedAsItWasWritten(String ref) {
        assertThat(ClientFrameCodec.parse(("{\"type\":\"ping\",\"ref\": " + ref + " }").getBytes(UTF_8))
                        .ref())
                .isEqualTo(ref);
        assertThat(ClientFrameCodec.parse(("{\"ref\":" + ref + ",\"type\":\"ping\"}").getBytes(UTF_8))
                        .ref())
                .isEqualTo(ref);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "[]", "true", "false", "{'a':{'ref':1}}"})
    void aRefThatIsNoScalarIsRefused(String ref) {
        assertThat(refusal("{'type':'ping','ref':" + ref + "}")).hasMessageContaining("ref must be");
    }

    @Test
    void aRefThatIsNullIsNone() {
        assertThat(parse("{'type':'ping','ref':null}")).isEqualTo(new ClientFrame.Ping(null));
    }

    @Test
    void aRefIsBounded() {
        assertThat(parse("{'type':'ping','ref':'" + "x".repeat(126) + "'}").ref())
                .hasSize(128);
        assertThat(refusal("{'type':'ping','ref':'" + "x".repeat(127) + "'}")).hasMessageContaining("ref must be");
        assertThat(refusal("{'type':'ping','ref':" + "1".repeat(129) + "}")).hasMessageContaining("ref must be");
    }

    // Bodies of HTTP requests.

    @Test
    void aBodyIsAFrameWhoseTypeAndConversationThePathSays() {
        ClientFrame.Send send = (ClientFrame.Send) ClientFrameCodec.parseBody(
                "send", "mine", bytes("{'type':'publish','conversation':'theirs','content':'x'}"));
        assertThat(send.conversation()).isEqualTo("mine");
        assertThat(send.content()).isEqualTo(MessageContent.text("x"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', nullValues = "-", textBlock = """
                    {}              | content is missing
                    {'content':5}   | content must be a string
                    []              | must be a JSON object
                    {'content'      | the body is not JSON
                    -               | the body is empty
                    """)
    void aBodyThatCanNotBeTakenIsRefused(@Nullable String body, String why) {
        assertThatThrownBy(() -> ClientFrameCodec.parseBody("send", "c", bytes(body == null ? "" : body)))
                .isInstanceOf(ParleyException.class)
                .hasMessageContaining(why);
    }

    @Test
    void bytesBentAtRandomAreAFrameOrNoJson() {
        byte[] good = bytes("{'type':'publish','ref':'r\\u00e9','conversation':'c','event':'a','payload':{'x':[1,{}]},"
                + "'durable':true,'metadata':{'é':null}}");
        Random random = new Random(3);
        int refused = 0;
        for (int i = 0; i < 30_000; i++) {
            byte[] bent = good.clone();
            for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
                bent[random.nextInt(bent.length)] =
                        random.nextBoolean() ? (byte) random.nextInt(0x80) : good[random.nextInt(good.length)];
            }
            Throwable error = catchThrowable(() -> read(bent));
            if (error != null) {
                assertThat(error).isInstanceOf(NotJsonException.class);
                refused++;
            }
        }
        assertThat(refused).isBetween(1_000, 29_000);
    }

    private static void read(byte[] frame) {
        assertThat(ClientFrameCodec.parse(frame)).isNotNull();
    }
}
