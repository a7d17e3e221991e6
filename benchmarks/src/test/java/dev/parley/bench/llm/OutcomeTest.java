package dev.parley.bench.llm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OutcomeTest {

    private final Questions questions = new Questions(7, 200);

    private Answered found(String kind, int number) {
        return new Answered(
                200,
                "",
                "{\"key\":\"k\",\"hit\":true,\"kind\":\"" + kind + "\",\"entry\":{\"response\":"
                        + questions.answer(number) + "}}");
    }

    @Test
    void aHitCountsOnlyWithItsOwnAnswer() {
        Answered three = found("exact", 3);
        assertThat(Outcome.ofLookup(three).checked(questions, 3, three)).isEqualTo(Outcome.EXACT);
        assertThat(Outcome.ofLookup(three).checked(questions, 4, three)).isEqualTo(Outcome.WRONG);
        assertThat(Outcome.ofLookup(three).checked(new Questions(8, 200), 3, three))
                .isEqualTo(Outcome.WRONG);
    }

    @Test
    void whatALookUpSays() {
        assertThat(Outcome.ofLookup(found("semantic", 1))).isEqualTo(Outcome.SEMANTIC);
        assertThat(Outcome.ofLookup(found("joined", 1))).isEqualTo(Outcome.JOINED);
        assertThat(Outcome.ofLookup(found("stale", 1))).isEqualTo(Outcome.REFUSED);
        assertThat(Outcome.ofLookup(new Answered(200, "", "{\"key\":\"k\",\"hit\":false,\"reason\":\"absent\"}")))
                .isEqualTo(Outcome.MISSED);
        assertThat(Outcome.ofLookup(new Answered(0, "", "the connection was closed")))
                .isEqualTo(Outcome.REFUSED);
    }

    @Test
    void whatTheProxySays() {
        assertThat(Outcome.ofProxy(new Answered(200, "hit-exact", ""))).isEqualTo(Outcome.EXACT);
        assertThat(Outcome.ofProxy(new Answered(200, "miss; reason=absent", "")))
                .isEqualTo(Outcome.MISSED);
        assertThat(Outcome.ofProxy(new Answered(200, "miss; reason=unavailable", "")))
                .isEqualTo(Outcome.REFUSED);
        assertThat(Outcome.ofProxy(new Answered(200, "bypass; reason=pii", ""))).isEqualTo(Outcome.REFUSED);
        assertThat(Outcome.ofProxy(new Answered(503, "", ""))).isEqualTo(Outcome.REFUSED);
    }
}
