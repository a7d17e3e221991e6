package dev.parley.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.node.TestHttp.Answer;
import dev.parley.node.TestNode;
import dev.parley.support.Await;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Answers past their time are given once more while the model is asked again. */
class StaleIT {

    private final FakeUpstream upstream = new FakeUpstream();
    private final TestNode node = Caller.node(upstream.url(), "cache.ttl.other", "1s", "upstream.retries", "0");
    private final Caller agent = new Caller();

    @AfterEach
    void close() {
        node.close();
        upstream.close();
    }

    private static String id(Answer answer) {
        return answer.json().path("id").asText();
    }

    @Test
    void nobodyWaitsForTheModelAndItIsAskedOnce() {
        assertThat(agent.ask(node, "m-numbered", "hours?", "").header(Caller.MARK))
                .isEqualTo("miss; reason=absent");
        Await.until(
                "its time is over",
                () -> agent.ask(node, "m-numbered", "hours?", "")
                        .header(Caller.MARK)
                        .equals("stale"));

        // The model takes a second for this one.
        List<Answer> meanwhile = agent.together(20, node, "m-numbered", "hours?");
        assertThat(meanwhile)
                .allSatisfy(answer ->
                        assertThat(answer.header(Caller.MARK)).as("%s", answer).isEqualTo("stale"))
                .allSatisfy(answer -> assertThat(id(answer)).isEqualTo("chatcmpl-1"));
        assertThat(upstream.calls("hours?")).isEqualTo(2);

        Await.until(
                "what it says now is there",
                () -> id(agent.ask(node, "m-numbered", "hours?", "")).equals("chatcmpl-2"));
    }

    @Test
    void aModelThatFailsThenDoesNotSpoilWhatIsThere() {
        assertThat(agent.ask(node, "m-fading", "hours?", "").status()).isEqualTo(200);
        Await.until("it has been asked again and again", () -> {
            assertThat(agent.ask(node, "m-fading", "hours?", "").status()).isEqualTo(200);
            return upstream.calls("hours?") >= 4;
        });
        assertThat(agent.ask(node, "m-fading", "hours?", "").header(Caller.MARK))
                .isEqualTo("stale");
    }

    @Test
    void whoWantsTheCacheAloneIsNotGivenIt() {
        assertThat(agent.ask(node, "m-1", "hours?", "").status()).isEqualTo(200);
        Await.until(
                "its time is over",
                () -> agent.ask(node, "m-1", "hours?", "", "Cache-Control", "only-if-cached")
                                .status()
                        == 504);
        Answer past = agent.ask(node, "m-1", "hours?", "", "Cache-Control", "only-if-cached");
        assertThat(past.header(Caller.MARK)).isEqualTo("miss; reason=stale");
        assertThat(upstream.calls("hours?")).isEqualTo(1);
        assertThat(agent.ask(node, "m-1", "hours?", "").header(Caller.MARK))
                .as("nobody is kept waiting for a refresh that does not come")
                .isEqualTo("stale");
    }
}
