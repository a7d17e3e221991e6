package dev.parley.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.auth.Role;
import dev.parley.auth.TokenMint;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp;
import dev.parley.node.TestNode;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same question in other words, with the real MiniLM. Each test has a tenant of its own. */
class SemanticCacheApiIT {

    private static final String SECRET = "a secret of more than thirty-two bytes";
    private static final String STORED = "How do I reset my password?";
    private static final String ASKED = "How can I reset my password?";

    private static TestNode node;

    private String tenant = "reworded-" + Ids.random();

    @BeforeAll
    static void start() {
        node = TestNode.start(
                "auth.mode",
                "jwt",
                "auth.jwt.secret",
                SECRET,
                "cache.semantic.embedder",
                "minilm",
                // The model is loaded with the first text.
                "cache.semantic.patience",
                "20s");
    }

    @AfterAll
    static void stop() {
        node.close();
    }

    private JsonNode call(String method, String path, String json) {
        String token = new TokenMint(SECRET.getBytes(UTF_8), Clock.systemUTC())
                .mint("bot", tenant, Set.of(Role.AGENT), Set.of(), Duration.ofHours(1));
        TestHttp.Answer answer = TestHttp.send(
                method,
                node.http("/v1/cache/" + path),
                BodyPublishers.ofString(json.replace('\'', '"')),
                "Content-Type",
                "application/json",
                "Authorization",
                "Bearer " + token);
        assertThat(answer.status()).as("%s", answer).isBetween(200, 201);
        return answer.json();
    }

    private static String question(String text, String more) {
        return "{'category':'faq','request':{'model':'m-1','messages':[{'role':'system','content':'You help.'},"
                + "{'role':'user','content':'" + text + "'}]}" + more + "}";
    }

    private void store() {
        JsonNode stored = call(
                "PUT",
                "entries",
                question(
                        STORED,
                        ",'tags':['help'],'response':{'choices':[{'finish_reason':'stop','message':{'content':'Click here.'}}]}"));
        assertThat(stored.path("stored").asBoolean()).as("%s", stored).isTrue();
    }

    private JsonNode lookup(String text, String more) {
        return call("POST", "lookup", question(text, more));
    }

    private static void assertMiss(JsonNode answer) {
        assertThat(answer.path("hit").asBoolean(true)).as("%s", answer).isFalse();
    }

    @Test
    void anotherWordingFindsTheAnswerAndIsTheQuestionOfNoFlight() {
        store();
        JsonNode hit = lookup(ASKED, ",'wait_ms':1000,'lease_ms':10000");
        assertThat(hit.path("kind").asText()).as("%s", hit).isEqualTo("semantic");
        assertThat(hit.has("leader")).isFalse();
        assertThat(hit.at("/entry/response/choices/0/message/content").asText()).isEqualTo("Click here.");
        assertThat(hit.at("/near/question").asText()).isEqualTo(STORED);
        assertThat(hit.at("/near/cosine").asDouble()).isBetween(0.95, 1.0);
        assertThat(lookup(STORED, "").path("kind").asText()).isEqualTo("exact");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "How can I not reset my password?",
                "How can I reset my 2 passwords?",
                "How can I reset your password?",
                "How can I cook rice?"
            })
    void whatMeansSomethingElseFindsNothing(String other) {
        store();
        assertMiss(lookup(other, ""));
    }

    @Test
    void everythingButTheLastWordsMustBeTheSame() {
        store();
        String asked = question(ASKED, "");
        assertMiss(call("POST", "lookup", asked.replace("You help.", "You help us.")));
        assertMiss(call("POST", "lookup", asked.replace("m-1", "m-2")));
        assertMiss(call("POST", "lookup", asked.replace("'faq'", "'default'")));
        assertMiss(call("POST", "lookup", asked.replace("{'category'", "{'namespace':'n','category'")));
        assertMiss(call("POST", "lookup", asked.replace("'model'", "'temperature':0.5,'model'")));
        assertMiss(lookup(ASKED, ",'nearest':1"));
        String own = tenant;
        tenant = "other-" + own;
        assertMiss(lookup(ASKED, ""));
        tenant = own;
        assertThat(lookup(ASKED, "").path("kind").asText()).isEqualTo("semantic");
    }

    @Test
    void aWrongAnswerIsNeverGivenAgain() {
        store();
        String entry = lookup(ASKED, "").at("/near/entry").asText();
        JsonNode reported = call("POST", "feedback", question(ASKED, ",'entry':'" + entry + "'"));
        assertThat(reported.path("counted").asBoolean()).isTrue();
        assertMiss(lookup(ASKED, ""));
        assertThat(call("POST", "feedback", question(ASKED, ",'entry':'" + entry + "'"))
                        .path("counted")
                        .asBoolean(true))
                .isFalse();
        assertThat(lookup(STORED, "").path("kind").asText()).isEqualTo("exact");
        JsonNode semantic = call("POST", "explain", question(ASKED, "")).path("semantic");
        assertThat(semantic.path("outcome").asText()).as("%s", semantic).isEqualTo("reported");
        assertThat(semantic.at("/candidates/0/reported").asBoolean()).isTrue();
    }

    @Test
    void whatIsInvalidatedAnswersNoOtherWordsEither() {
        store();
        assertThat(lookup(ASKED, "").path("kind").asText()).isEqualTo("semantic");
        assertThat(call("POST", "invalidate", "{'tag':'help'}")
                        .path("invalidated")
                        .asBoolean())
                .isTrue();
        assertMiss(lookup(ASKED, ""));
    }

    @Test
    void pastItsTimeOneRefreshesWhileTheOthersAreServed() {
        JsonNode stored = call(
                "PUT",
                "entries",
                question(
                        STORED,
                        ",'ttl':1,'response':{'choices':[{'finish_reason':'stop','message':{'content':'Click here.'}}]}"));
        assertThat(stored.path("stored").asBoolean()).isTrue();
        JsonNode first = lookup(STORED, ",'lease_ms':10000");
        while (first.path("kind").asText().equals("exact")) {
            first = lookup(STORED, ",'lease_ms':10000");
        }
        assertThat(first.path("kind").asText()).isEqualTo("stale");
        assertThat(first.path("leader").asBoolean()).isTrue();
        JsonNode second = lookup(STORED, ",'lease_ms':10000");
        assertThat(second.path("kind").asText()).isEqualTo("stale");
        assertThat(second.has("leader")).isFalse();
    }

    @Test
    void explainShowsTheGuardsObjections() {
        store();
        JsonNode semantic = call("POST", "explain", question("How can I not reset my password?", ""))
                .path("semantic");
        assertThat(semantic.path("outcome").asText()).as("%s", semantic).isNotEqualTo("hit");
        assertThat(semantic.at("/candidates/0/objections").toString()).contains("negation");
    }
}
