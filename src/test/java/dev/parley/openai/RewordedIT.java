package dev.parley.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.app.TestHttp.Answer;
import dev.parley.app.TestNode;
import dev.parley.support.Await;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same in other words, where an embedder finds all words alike: what tells them apart are the guards. */
@Timeout(60)
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
                "2");
    }

    @AfterEach
    void close() {
        node.close();
        upstream.close();
    }

    private Answer ask(String said, String more) {
        return agent.ask(node, "m-1", said, more, Ask.CATEGORY, "faq");
    }

    /** From then on it is found in other words, which takes a moment. */
    private void learn() {
        assertThat(ask(SAID, "").header(Caller.MARK)).isEqualTo("miss; reason=absent");
        Await.until(
                "it is found in other words",
                () -> agent.ask(node, "m-1", AGAIN, "", Ask.CATEGORY, "faq", "Cache-Control", "only-if-cached")
                        .header(Caller.MARK)
                        .equals("hit-semantic"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", Caller.STREAM})
    void nobodyWaitsForAnEmbedderThatDoesNotAnswer(String more) {
        try (TestNode deaf = node("e-hang")) {
            CompletableFuture<Answer> asked =
                    CompletableFuture.supplyAsync(() -> agent.ask(deaf, "m-1", SAID, more, Ask.CATEGORY, "faq"));
            Await.within(Duration.ofSeconds(3), "the answer is there", asked::isDone);
            assertThat(asked.join().body()).contains("Nine");
            assertThat(agent.ask(deaf, "m-1", SAID, more, Ask.CATEGORY, "faq").header(Caller.MARK))
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
