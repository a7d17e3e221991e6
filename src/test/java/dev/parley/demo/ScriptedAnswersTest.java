package dev.parley.demo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.demo.Turn.Line;
import dev.parley.demo.Turn.Say;
import dev.parley.demo.Turn.Use;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ScriptedAnswersTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Hello!",
                "How does a reload work?",
                "Tell me a story",
                "What is on my last invoice?",
                "I was charged twice on INV-77"
            })
    void anAnswerComesInFortyToEightyPieces(String question) {
        long chunks = ScriptedAnswers.answer(ScriptedAnswers.TRIAGE, question).stream()
                .flatMap(turn -> turn.lines(null).stream())
                .filter(line -> line.event().equals("agent.response.streaming"))
                .count();
        assertThat(chunks).isBetween(40L, 80L);
    }

    @Test
    void thePiecesOfATextAreTheText() {
        String text = "One two  three\n\nfour, five; six “seven” eight.\n";
        assertThat(new Say(text).chunks()).hasSizeGreaterThan(2);
        assertThat(String.join("", new Say(text).chunks())).isEqualTo(text);
    }

    @Test
    void moneyIsForBillingAndEverythingElseForTriage() {
        assertThat(agents(ScriptedAnswers.TRIAGE, "Please explain my INVOICE"))
                .containsExactly(ScriptedAnswers.TRIAGE, ScriptedAnswers.BILLING);
        assertThat(agents(ScriptedAnswers.BILLING, "And the refund?")).containsExactly(ScriptedAnswers.BILLING);
        assertThat(agents(ScriptedAnswers.TRIAGE, "Is there a billboard?")).containsExactly(ScriptedAnswers.TRIAGE);
        assertThat(agents(ScriptedAnswers.BILLING, "Tell me a story"))
                .containsExactly(ScriptedAnswers.BILLING, ScriptedAnswers.TRIAGE);
    }

    @Test
    void theInvoiceThatWasAskedForIsLookedUp() {
        Turn billing = ScriptedAnswers.answer(ScriptedAnswers.BILLING, "what is on invoice #4711?")
                .get(0);
        assertThat(billing.steps())
                .filteredOn(step -> step instanceof Use)
                .singleElement()
                .satisfies(step -> assertThat(((Use) step).input()).containsEntry("invoice", "INV-4711"));
        assertThat(text(billing)).contains("INV-4711").doesNotContain("%");
    }

    @Test
    void aTurnThatIsNotTheLastEndsWithAHandOff() {
        List<Line> lines = ScriptedAnswers.answer(ScriptedAnswers.TRIAGE, "a refund, please")
                .get(0)
                .lines(ScriptedAnswers.BILLING);
        Line last = lines.get(lines.size() - 1);
        assertThat(last.event()).isEqualTo("agent.handoff.completed");
        assertThat(last.fields()).isEqualTo(Map.of("from", "triage", "to", "billing_agent"));
    }

    @Test
    void aLongQuestionIsQuotedInPartAndNotInTheMiddleOfACharacter() {
        Turn turn = ScriptedAnswers.answer(ScriptedAnswers.TRIAGE, "\uD83D\uDE00 x ".repeat(200))
                .get(0);
        assertThat(text(turn)).startsWith("You wrote “\uD83D\uDE00 x").contains("…”");
        assertThat(UTF_8.newEncoder().canEncode(text(turn))).isTrue();
    }

    private static List<String> agents(String agent, String question) {
        return ScriptedAnswers.answer(agent, question).stream().map(Turn::agent).toList();
    }

    private static String text(Turn turn) {
        return String.join(
                "",
                turn.steps().stream()
                        .filter(step -> step instanceof Say)
                        .map(step -> ((Say) step).text())
                        .toList());
    }
}
