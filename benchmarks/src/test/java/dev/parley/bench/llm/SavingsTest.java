package dev.parley.bench.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class SavingsTest {

    private static final double MICRO = 1e-6;

    @Test
    void everyHitSavesWhatItsAnswerHasTakenAndCost() {
        Questions questions = new Questions(7, 200);
        Savings savings = new Savings(3);
        savings.computed(0, 300);
        savings.computed(1, 400);
        savings.computed(2, 1);
        savings.hit(0);
        savings.hit(1);
        savings.hit(1);
        assertThat(savings.hits()).isEqualTo(3);
        assertThat(savings.computed()).isEqualTo(3);
        assertThat(savings.twice()).isZero();
        assertThat(savings.seconds()).isEqualTo(1.1);
        assertThat(savings.money(questions, 10))
                .isCloseTo((questions.micros(10) + 2 * questions.micros(11)) / 1e6, within(MICRO / 10));
        assertThat(savings.spent(questions, 10))
                .isCloseTo(
                        (questions.micros(10) + questions.micros(11) + questions.micros(12)) / 1e6, within(MICRO / 10));
    }

    @Test
    void whatIsComputedTwiceIsSeen() {
        Savings savings = new Savings(2);
        savings.computed(1, 300);
        savings.computed(1, 300);
        assertThat(savings.twice()).isEqualTo(1);
    }
}
