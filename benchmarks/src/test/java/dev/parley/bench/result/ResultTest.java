package dev.parley.bench.result;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.bench.result.Result.Spread;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ResultTest {

    @Test
    void theMedianOfAnOddNumberIsTheMiddleOne() {
        assertThat(Spread.of(List.of(9.0, 1.0, 2.0))).isEqualTo(new Spread(1, 2, 9));
    }

    @Test
    void theMedianOfAnEvenNumberLiesBetweenTheTwoInTheMiddle() {
        assertThat(Spread.of(List.of(4.0, 1.0, 9.0, 2.0))).isEqualTo(new Spread(1, 3, 9));
    }

    @Test
    void theSpreadOfOneRoundIsAPoint() {
        assertThat(Spread.of(List.of(7.0))).isEqualTo(new Spread(7, 7, 7));
    }

    @Test
    void rangesThatTouchOverlap() {
        assertThat(new Spread(1, 2, 3).overlaps(new Spread(3, 4, 5))).isTrue();
        assertThat(new Spread(3, 4, 5).overlaps(new Spread(1, 2, 3))).isTrue();
        assertThat(new Spread(1, 2, 3).overlaps(new Spread(3.1, 4, 5))).isFalse();
    }

    @Test
    void aFigureThatOnlySomeRoundsHaveIsSummedUpOverThose() {
        Round first = new Round();
        first.put("lost", 3);
        Round second = new Round();
        second.put("lost", 5);
        second.put("gaps", 1);
        second.problem("cut");
        Result result = Result.of("tokens", "p", "parley", Map.of(), Map.of(), List.of(first, second));
        assertThat(result.median("lost")).isEqualTo(4);
        assertThat(result.median("gaps")).isEqualTo(1);
        assertThat(result.median("else")).isNaN();
        assertThat(result.problems()).containsExactly("cut");
        assertThat(result.valid()).isFalse();
    }
}
