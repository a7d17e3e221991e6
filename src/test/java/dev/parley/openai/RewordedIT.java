package dev.parley.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp.Answer;
import dev.parley.node.TestNode;
import dev.parley.redis.Kept;
import dev.parley.support.Await;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same in other words, where an embedder finds all words alike: what tells them apart are the guards. */
class RewordedIT {

    private static final String SAID = "When does the shop open?";
    private static final String AGAIN = "when DOES the shop open";

    private final FakeUpstream upstream = new FakeUpstream();
    private final TestNode node = node("e-1");
    private final Caller agent = new Caller();

    private TestNode node(String embedder) {
        return Caller.node(
                upstream.url(),
                "cache.semantic.embedder",
                "http",
                "cache.semantic.url",
                upstream.url(),
                "cache.semantic.model",
                embedder,
                "cache.semantic.dimensions",
                "2",
                "cache.semantic.error-bound",
                "0",
                "cache.prices",
                "m-1=1000000/2000000");
    }

    @AfterEach
    void close() {
        node.close();
        upstream.close();
    }

    private Answer ask(String said, String more) {
        return agent.ask(node, "m-1", said, more, ProxyRequest.CATEGORY, "faq");
    }

    /** From then on it is found in other words, which takes a moment. */
    private void learn() {
        assertThat(ask(SAID, "").header(Caller.MARK)).isEqualTo("miss; reason=absent");
        Await.until(
                "it is found in other words",
                () -> agent.ask(node, "m-1", AGAIN, "", ProxyRequest.CATEGORY, "faq", "Cache-Control", "only-if-cached")
                        .header(Caller.MARK)
                        .equals("hit-semantic"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", Caller.STREAM})
    void nobodyWaitsForAnEmbedderThatDoesNotAnswer(String more) {
        try (TestNode deaf = node("e-hang")) {
            CompletableFuture<Answer> asked = CompletableFuture.supplyAsync(
                    () -> agent.ask(deaf, "m-1", SAID, more, ProxyRequest.CATEGORY, "faq"));
            Await.within(Duration.ofSeconds(3), "the answer is there", asked::isDone);
            assertThat(asked.join().body()).contains("Nine");
            assertThat(agent.ask(deaf, "m-1", SAID, more, ProxyRequest.CATEGORY, "faq")
                            .header(Caller.MARK))
                    .isEqualTo("hit-exact");
        }
    }

    @Test
    void isAnsweredWithoutTheModelWholeAndStreamed() {
        learn();
        Answer whole = ask(AGAIN, "");
        assertThat(whole.header(Caller.MARK)).isEqualTo("hit-semantic");
        assertThat(whole.header("Age")).matches("[0-9]+");
        assertThat(whole.json().at("/choices/0/message/content").asText()).isEqualTo(FakeUpstream.ANSWER);
        Answer streamed = ask(AGAIN.toUpperCase(Locale.ROOT), Caller.STREAM);
        assertThat(streamed.header(Caller.MARK)).isEqualTo("hit-semantic");
        assertThat(streamed.body()).startsWith("data: {").endsWith("data: [DONE]\n\n");
        assertThat(ask(SAID, "").header(Caller.MARK)).isEqualTo("hit-exact");
        assertThat(upstream.calls(AGAIN) + upstream.calls(AGAIN.toUpperCase(Locale.ROOT)))
                .isZero();
    }

    private JsonNode report(String said, String entry) {
        Answer answer = agent.post(
                node,
                "/v1/cache/feedback",
                "{\"category\":\"faq\",\"entry\":\"" + entry + "\",\"request\":" + Caller.chat("m-1", said, "") + "}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return answer.json();
    }

    @Test
    void whatWasWrongIsReportedByTheEntryThatTheAnswerNames() {
        assertThat(ask(SAID, "").header(Caller.ENTRY)).isEmpty();
        String entry = ask(AGAIN, "").header(Caller.ENTRY);
        assertThat(entry).matches("[0-9a-f]{64}");
        assertThat(ask(SAID, Caller.STREAM).header(Caller.ENTRY)).isEqualTo(entry);
        JsonNode reported = report(AGAIN, entry);
        assertThat(reported.path("counted").asBoolean()).isTrue();
        // With a bound of none wrong at all the first one tightens it.
        assertThat(reported.path("threshold").asDouble()).isEqualTo(0.975);
        assertThat(ask(AGAIN, "").header(Caller.MARK)).isEqualTo("miss; reason=absent");
        // That has an entry of its own now, and the other one's is as good as before.
        assertThat(ask(AGAIN, "").header(Caller.ENTRY)).isNotEqualTo(entry);
        assertThat(ask(SAID, "").header(Caller.MARK)).isEqualTo("hit-exact");
        JsonNode dropped = report(SAID, entry);
        assertThat(dropped.path("dropped").asBoolean()).isTrue();
        assertThat(dropped.path("counted").asBoolean(true)).isFalse();
        assertThat(ask(SAID, "").header(Caller.MARK)).isNotEqualTo("hit-exact");
    }

    @Test
    void whatAnAgentHasAnsweredInOtherWordsNamesTheEntryOfThose() {
        Answer put = agent.put(
                node,
                "/v1/cache/entries",
                "{\"category\":\"faq\",\"namespace\":\"agents\",\"request\":" + Caller.chat("agent:triage", SAID, "")
                        + ",\"response\":{\"choices\":[{\"finish_reason\":\"stop\",\"message\":{\"content\":\"At nine.\"}}]}}");
        assertThat(put.status()).as(put.body()).isEqualTo(201);
        String conversation = "reworded-" + Ids.random();
        Answer sent = agent.post(
                node,
                "/v1/conversations/" + conversation + "/messages",
                "{\"content\":\"" + AGAIN + "\",\"cache\":{\"category\":\"faq\"}}");
        assertThat(sent.status()).as(sent.body()).isEqualTo(201);
        JsonNode cache = Kept.events(conversation).get(1).at("/payload/cache");
        assertThat(cache.path("kind").asText()).isEqualTo("semantic");
        assertThat(cache.path("entry").asText())
                .isEqualTo(put.json().path("key").asText());
    }

    @Test
    void whatItHasCostAndWhatCameOfEachSearchIsCounted() {
        assertThat(ask(SAID, "").status()).isEqualTo(200);
        assertThat(ask(SAID, "").header(Caller.MARK)).isEqualTo("hit-exact");
        assertThat(ask(AGAIN, "").header(Caller.MARK)).isEqualTo("hit-semantic");
        assertThat(ask("When do the 2 shops open?", "").header(Caller.MARK)).isEqualTo("miss; reason=absent");
        JsonNode stats = agent.get(node, "/v1/cache/stats").json().path("total");
        // Three tokens at 1 each and four at 2, twice.
        assertThat(stats.path("money_saved").asDouble()).isEqualTo(22);
        assertThat(outcomes("hit")).isEqualTo(1);
        assertThat(outcomes("nothing")).isEqualTo(1);
        assertThat(outcomes("guarded")).isEqualTo(1);
        assertThat(outcomes("unavailable")).isZero();
        assertThat(node.metric("parley_cache_embedder_failures_total")).isZero();
    }

    private double outcomes(String outcome) {
        return node.metric("parley_cache_semantic_total{outcome=\"" + outcome + "\"}");
    }

    @Test
    void callsOfToolsThatSomebodyHasPutAreNoAnswer() {
        Answer put = agent.put(
                node,
                "/v1/cache/entries",
                "{\"category\":\"faq\",\"allow\":[\"tool_calls\"],\"request\":" + Caller.chat("m-1", SAID, "")
                        + ",\"response\":{\"choices\":[{\"finish_reason\":\"tool_calls\",\"message\":{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"t\"}]}}]}}");
        assertThat(put.status()).as(put.body()).isEqualTo(201);
        assertThat(ask(SAID, "").header(Caller.MARK)).isEqualTo("miss; reason=tool_calls");
        assertThat(upstream.calls(SAID)).isEqualTo(1);
    }

    @Test
    void whatMeansSomethingElseIsAskedOfTheModel() {
        learn();
        for (String other : new String[] {"When do the 2 shops open?", "When does the shop not open?"}) {
            assertThat(ask(other, "").header(Caller.MARK)).as(other).startsWith("miss; reason=");
            assertThat(upstream.calls(other)).isEqualTo(1);
        }
    }

    @Test
    void outsideTheCategoriesForItNothingButTheSameWordsWillDo() {
        learn();
        assertThat(agent.ask(node, "m-1", AGAIN, "").header(Caller.MARK)).isEqualTo("miss; reason=absent");
    }
}
