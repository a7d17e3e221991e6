package dev.parley.llmcache;

import static dev.parley.llmcache.CacheTesting.asked;
import static dev.parley.llmcache.CacheTesting.completion;
import static dev.parley.llmcache.CacheTesting.object;
import static dev.parley.llmcache.CacheTesting.question;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PolicyTest {

    private final Policy policy = new Policy(0.7, new PatternPersonalData());

    @ParameterizedTest
    @ValueSource(
            strings = {
                "What are your business hours?",
                "Where is order 10234567?",
                "How much is 1,299.00 EUR in 3 instalments of 433?",
                "ISO 27001, RFC 8785, section 3.2.2.3 and version 10.15.7",
                "Is 2026-11-23 a public holiday?",
                "Card 4111 1111 1111 1112 is refused",
                "GB82 WEST 1234 5698 7654 33 is not right",
                "the @ sign and user@localhost",
                "Compare 1234567890123 and 12345"
            })
    void anOrdinaryQuestionMayBeCached(String text) {
        assertThat(policy.fired(asked("t", text))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "I am jo.doe+x@example.co.uk, help",
                "mail müller@bücher.example please",
                "call +49 170 1234567",
                "call 0049-30-901820",
                "call (555) 010-1234",
                "call 030/9018200",
                "from GB82 WEST 1234 5698 7654 32 to you",
                "DE89370400440532013000",
                "my card is 4111 1111 1111 1111",
                "5500-0000-0000-0004",
                "378282246310005"
            })
    void personalDataMayNot(String text) {
        assertThat(policy.fired(asked("t", text))).containsExactly(Reason.PII);
        assertThat(policy.refusal(asked("t", "hello"), ModelReply.of(completion(text))))
                .isEqualTo(Reason.PII);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "What is the weather in Rome?",
                "Who is the CURRENT president?",
                "Was gibt es heute zu essen?",
                "¿Qué hora es ahora?",
                "Latest news"
            })
    void whatDependsOnTheDayMayNot(String text) {
        assertThat(policy.fired(asked("t", text))).containsExactly(Reason.TIME_SENSITIVE);
        Question asked = asked("t", text);
        assertThat(policy.fired(new Question("t", null, asked.request(), Category.LIVE, Set.of())))
                .isEmpty();
        assertThat(policy.fired(new Question("t", null, asked.request(), Category.FAQ, Set.of(Reason.TIME_SENSITIVE))))
                .isEmpty();
    }

    @Test
    void whatIsSaidInPartsIsReadToo() {
        assertThat(
                        policy.fired(
                                question(
                                        "t",
                                        "{'model':'m','messages':[{'role':'user','content':[{'type':'text','text':'to a@b.example'}]}]}")))
                .containsExactly(Reason.PII);
    }

    @Test
    void aConversationAHighTemperatureAndNoCategoryMayNot() {
        String messages = "[{'role':'user','content':'a'},{'role':'assistant','content':'b'}]";
        Question turns = question("t", "{'model':'m','temperature':0.8,'messages':" + messages + "}");
        assertThat(policy.fired(turns)).containsExactly(Reason.MULTI_TURN, Reason.TEMPERATURE);
        assertThat(policy.fired(new Question("t", null, turns.request(), Category.NONE, Set.of(Reason.MULTI_TURN))))
                .containsExactly(Reason.CATEGORY, Reason.TEMPERATURE);
        assertThat(
                        policy.fired(
                                question(
                                        "t",
                                        "{'model':'m','temperature':0.7,'messages':[{'role':'system','content':'s'},{'role':'user','content':'a'}]}")))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "length, TRUNCATED",
        "max_tokens, TRUNCATED",
        "tool_calls, TOOL_CALLS",
        "content_filter, FINISH_REASON",
        "'', FINISH_REASON"
    })
    void anAnswerThatDidNotEndByItselfMayNotBeKept(String finish, Reason reason) {
        assertThat(policy.refusal(asked("t", "hi"), ModelReply.of(completion("yes", finish))))
                .isEqualTo(reason);
        assertThat(policy.refusal(asked("t", "hi"), reply(object("{'text':'yes'}"), 200, false, finish)))
                .isEqualTo(reason);
    }

    @Test
    void toolCallsMayBeAllowed() {
        Question asked = asked("t", "hi");
        Question allowing = new Question("t", null, asked.request(), Category.FAQ, Set.of(Reason.TOOL_CALLS));
        assertThat(policy.refusal(allowing, ModelReply.of(completion("x", "tool_calls"))))
                .isNull();
        JsonNode hidden = object("{'choices':[{'finish_reason':'stop','message':{'tool_calls':[{'id':'1'}]}}]}");
        assertThat(policy.refusal(asked, ModelReply.of(hidden))).isEqualTo(Reason.TOOL_CALLS);
        assertThat(policy.refusal(allowing, ModelReply.of(hidden))).isNull();
        assertThat(policy.refusal(asked, ModelReply.of(object("{'stop_reason':'tool_use'}"))))
                .isEqualTo(Reason.TOOL_CALLS);
    }

    @Test
    void anErrorMayNotBeKept() {
        Question asked = asked("t", "hi");
        assertThat(policy.refusal(asked, reply(completion("x"), 500, false, null)))
                .isEqualTo(Reason.STATUS);
        assertThat(policy.refusal(asked, ModelReply.of(object("{'error':{'message':'x'}}"))))
                .isEqualTo(Reason.STATUS);
        assertThat(policy.refusal(asked, reply(completion("x"), 200, true, null)))
                .isEqualTo(Reason.TRUNCATED);
        assertThat(policy.refusal(asked, ModelReply.of(completion("x")))).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'choices':[{'message':{'role':'assistant','content':''},'finish_reason':'stop'}]}",
                "{'choices':[{'message':{'role':'assistant','content':null,'refusal':null},'finish_reason':'stop'}]}",
                "{'choices':[{'message':{'role':'assistant','content':' \\n\\u200b\\u00a0'},'finish_reason':'stop'}]}",
                "{'choices':[{'message':{'role':'assistant','tool_calls':[],'annotations':[]},'finish_reason':'stop'}]}",
                "{'choices':[{'message':{'content':[{'type':'text','text':' '}]},'finish_reason':'stop'}]}",
                "{'choices':[{'message':{'content':'a'},'finish_reason':'stop'},{'message':{'content':''},'finish_reason':'stop'}]}",
                "{'choices':[{'index':0,'text':'','finish_reason':'stop'}],'object':'text_completion'}",
                "{'choices':[]}",
                "{'content':[],'stop_reason':'end_turn','type':'message','role':'assistant'}",
                "{'content':[{'type':'text','text':''}],'stop_reason':'end_turn'}",
                "{'object':'response','status':'completed','reasoning':{'effort':'high'},'text':{'format':{'type':'json_schema','name':'n'}},"
                        + "'output':[{'type':'message','role':'assistant','content':[{'type':'output_text','text':''}]}]}",
                "{'object':'response','status':'completed','output':[]}",
                "{'candidates':[{'content':{'role':'model','parts':[{'text':''}]},'finishReason':'STOP'}]}",
                "{'candidates':[{'content':{'role':'model'},'finishReason':'STOP'}]}",
                "{'model':'m','message':{'role':'assistant','content':''},'done':true}",
                "{'model':'m','response':'','done':true,'context':[1,2]}",
                "{'object':'list','data':[]}",
                "{'object':'list','data':[{'object':'embedding','index':0,'embedding':[]}]}",
                "{'object':'list','data':[{'embedding':[0.1]},{'embedding':''}]}",
                "{'object':'list','data':[{'embedding':[null]}]}",
                "{'embeddings':[[]]}",
                "{'text':' '}",
                "{}"
            })
    void anAnswerThatSaysNothingMayNotBeKept(String response) {
        assertThat(policy.refusal(asked("t", "hi"), ModelReply.of(object(response))))
                .isEqualTo(Reason.EMPTY);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'choices':[{'message':{'content':null,'tool_calls':[{'id':'1','type':'function'}]},'finish_reason':'stop'}]}",
                "{'choices':[{'message':{'content':null,'function_call':{'name':'f','arguments':'{}'}},'finish_reason':'stop'}]}",
                "{'choices':[{'message':{'content':null,'refusal':'I can not'},'finish_reason':'stop'}]}",
                "{'choices':[{'message':{'content':null,'audio':{'id':'a','data':'AAAA'}},'finish_reason':'stop'}]}",
                "{'choices':[{'message':{'content':'','reasoning_content':'so'},'finish_reason':'stop'}]}",
                "{'choices':[{'message':{'content':'0'},'finish_reason':'stop'}]}",
                "{'content':[{'type':'tool_use','id':'1','name':'f','input':{}}],'stop_reason':'end_turn'}",
                "{'content':[{'type':'thinking','thinking':'so'}],'stop_reason':'end_turn'}",
                "{'object':'response','status':'completed','output':[{'type':'function_call','call_id':'1','name':'f','arguments':'{}'}]}",
                "{'object':'response','status':'completed','output':[{'type':'message','content':[{'type':'refusal','refusal':'no'}]}]}",
                "{'candidates':[{'content':{'parts':[{'functionCall':{'name':'f','args':{}}}]},'finishReason':'STOP'}]}",
                "{'model':'m','response':'yes','done':true}",
                "{'object':'list','data':[{'embedding':[0.0]},{'embedding':'AACAPw=='}]}",
                "{'label':'spam'}",
                "{'spam':false}"
            })
    void anAnswerWithoutTextIsNoEmptyOne(String response) {
        Question asked = asked("t", "hi");
        Question allowing = new Question("t", null, asked.request(), Category.FAQ, Set.of(Reason.TOOL_CALLS));
        assertThat(policy.refusal(allowing, ModelReply.of(object(response)))).isNull();
    }

    @Test
    void whatTheHouseHasWrittenIsNotPersonal() {
        Question asked = question(
                "t",
                "{'model':'m','messages':[{'role':'system','content':'Our address is help@acme.example.'},"
                        + "{'role':'user','content':'Where do I write to?'}]}");
        assertThat(policy.refusal(asked, ModelReply.of(completion("Write to help@acme.example"))))
                .isNull();
        assertThat(policy.refusal(asked, ModelReply.of(completion("Write to joe@acme.example"))))
                .isEqualTo(Reason.PII);
    }

    @Test
    void anotherDetectorMayBePluggedIn() {
        Policy named = new Policy(1, text -> text.contains("Jo Doe") ? List.of("Jo Doe") : List.of());
        assertThat(named.fired(asked("t", "I am Jo Doe"))).containsExactly(Reason.PII);
        assertThat(named.fired(asked("t", "I am a@b.example"))).isEmpty();
    }

    private static ModelReply reply(JsonNode response, int status, boolean truncated, @Nullable String finish) {
        return new ModelReply(response, status, truncated, finish, null, 0, Duration.ZERO, List.of(), null);
    }
}
