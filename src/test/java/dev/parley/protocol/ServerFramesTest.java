package dev.parley.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every frame, byte for byte as PROTOCOL.md lists its fields. */
class ServerFramesTest {

    private static void assertJson(EncodedFrame frame, String json) {
        assertThat(frame.json()).isEqualTo(json.replace('\'', '"'));
    }

    @Test
    void welcome() {
        assertJson(
                ServerFrames.welcome("k1", "node \"1\"", "0.1", 25_000, 131_072, true, 0),
                "{'type':'welcome','connection':'k1','node':'node \\'1\\'','version':'0.1','heartbeat_ms':25000,"
                        + "'max_frame_bytes':131072,'status':{'redis':'up','queued':0}}");
        assertThat(ServerFrames.welcome("k", "n", "v", 1, 1, false, 3).json()).contains("\"redis\":\"degraded\"");
    }

    @Test
    void subscribed() {
        assertJson(
                ServerFrames.subscribed("7", "c", "1-0", true, null),
                "{'type':'subscribed','ref':7,'conversation':'c','position':'1-0','resumed':true}");
        assertJson(
                ServerFrames.subscribed(
                        null, "c", "3-0", false, new ResumeGap(ResumeGap.Reason.TRIMMED, "1-0", "2-0", "3-0")),
                "{'type':'subscribed','conversation':'c','position':'3-0','resumed':false,"
                        + "'gap':{'reason':'trimmed','requested':'1-0','first':'2-0','last':'3-0'}}");
    }

    @Test
    void whatAClientWroteForAPositionIsQuotedBack() throws JsonProcessingException {
        String since = "\"},\\\n\u0001é😀";
        EncodedFrame frame = ServerFrames.subscribed(
                null, "c", "0", false, new ResumeGap(ResumeGap.Reason.MALFORMED, since, "0", "0"));
        assertThat(new ObjectMapper()
                        .readTree(frame.json())
                        .at("/gap/requested")
                        .asText())
                .isEqualTo(since);
        assertThat(ServerFrames.subscribed(
                                null, "c", "0", false, new ResumeGap(ResumeGap.Reason.MALFORMED, "\ud83d", "0", "0"))
                        .json())
                .contains("\"requested\":\"?\"");
    }

    @Test
    void snapshot() {
        assertJson(
                ServerFrames.snapshot("c", "1-0", "null", "[]", "[{\"text\":\"é\"}]", null),
                "{'type':'snapshot','conversation':'c','position':'1-0','session':null,'messages':[],'runs':[{'text':'é'}]}");
    }

    @Test
    void event() {
        byte[] event = "{ \"event\":\"a\", \"n\":1.50 }".getBytes(UTF_8);
        assertJson(
                ServerFrames.event("c", "1-0", "e1", false, event),
                "{'type':'event','conversation':'c','position':'1-0','event_id':'e1','event':{ 'event':'a', 'n':1.50 }}");
        assertJson(
                ServerFrames.event("c", null, null, false, event),
                "{'type':'event','conversation':'c','event':{ 'event':'a', 'n':1.50 }}");
    }

    @Test
    void answers() {
        assertJson(ServerFrames.ok("\"r\""), "{'type':'ok','ref':'r'}");
        assertJson(ServerFrames.ok(null), "{'type':'ok'}");
        assertJson(
                ServerFrames.stored("7", "1-0", "e1"),
                "{'type':'ok','ref':7,'stored':true,'position':'1-0','event_id':'e1'}");
        assertJson(
                ServerFrames.sent("7", "1-0", "m1"),
                "{'type':'ok','ref':7,'stored':true,'position':'1-0','message_id':'m1'}");
        assertJson(ServerFrames.passedOn("7"), "{'type':'ok','ref':7,'stored':false}");
        assertJson(ServerFrames.pong("1.50"), "{'type':'pong','ref':1.50}");
        assertJson(ServerFrames.pong(null), "{'type':'pong'}");
        assertJson(ServerFrames.ping(), "{'type':'ping'}");
    }

    @Test
    void statusAndGoodbye() {
        assertJson(ServerFrames.status(false, 3), "{'type':'status','redis':'degraded','queued':3}");
        assertJson(
                ServerFrames.goodbye(3001, "draining", 0, 5_000),
                "{'type':'goodbye','code':3001,'reason':'draining','retry_ms':[0,5000]}");
    }

    @ParameterizedTest
    @EnumSource(ErrorCode.class)
    void anErrorSaysWhetherAndWhenToTryAgain(ErrorCode code) {
        String retry = code.temporary() ? ",'temporary':true,'retry_ms':1000}" : ",'temporary':false}";
        assertJson(
                ServerFrames.error("7", ParleyException.of(code, "not \"so\" é")),
                "{'type':'error','ref':7,'code':'" + code.wire() + "','message':'not \\'so\\' é'" + retry);
    }

    @ParameterizedTest
    @EnumSource(ResumeGap.Reason.class)
    void everyGapReasonIsReadAsItIsWritten(ResumeGap.Reason reason) {
        assertThat(ResumeGap.Reason.of(reason.wire())).isEqualTo(reason);
    }
}
