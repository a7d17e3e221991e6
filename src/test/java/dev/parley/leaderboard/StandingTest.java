package dev.parley.leaderboard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StandingTest {

    private static final Figures MANY = new Figures("many", 9, 90_000, 12);
    private static final Figures FAST = new Figures("fast", 5, 5_000, 5);
    private static final Figures SLOW_A = new Figures("a", 5, 10_000, 6);
    private static final Figures SLOW_B = new Figures("b", 5, 10_000, 50);
    private static final Figures LAST = new Figures("last", 1, 10, 1);
    private static final Figures FAILED_A = new Figures("failed-a", 0, 0, 3);
    private static final Figures FAILED_B = new Figures("failed-b", 0, 0, 1);

    @Test
    void moreResolutionsGoFirstThenTheLowerAverageThenTheName() {
        List<Figures> order = List.of(MANY, FAST, SLOW_A, SLOW_B, LAST, FAILED_A, FAILED_B);
        List<Figures> shuffled = new ArrayList<>(order);
        Collections.shuffle(shuffled, new Random(7));
        assertThat(Standing.rank(shuffled, 100)).extracting(Standing::figures).isEqualTo(order);
    }

    @Test
    void whoHasDoneTheSameSharesAPlaceAndTheNextIsSkipped() {
        assertThat(Standing.rank(List.of(MANY, FAST, SLOW_A, SLOW_B, LAST, FAILED_A, FAILED_B), 100))
                .extracting(Standing::rank)
                .containsExactly(1, 2, 3, 3, 5, 6, 6);
    }

    @Test
    void onlyTheFirstAreThere() {
        assertThat(Standing.rank(List.of(LAST, SLOW_B, SLOW_A, MANY), 2))
                .containsExactly(new Standing(1, MANY), new Standing(2, SLOW_A));
    }

    @Test
    void averagesAndRatesAreOverTheRightNumbers() {
        Figures figures = new Figures("x", 3, 10_000, 4);
        assertThat(figures.averageMillis()).isEqualTo(3_333);
        assertThat(figures.successRate()).isEqualTo(0.75);
        assertThat(FAILED_A.averageMillis()).isZero();
        assertThat(FAILED_A.successRate()).isZero();
    }
}
