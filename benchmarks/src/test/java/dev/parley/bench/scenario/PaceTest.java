package dev.parley.bench.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.bench.result.Round;
import java.util.List;
import org.junit.jupiter.api.Test;

class PaceTest {

    @Test
    void whoDeliversLessThanIsDueDidNotKeepUp() {
        assertThat(came(20, 1_000, 60, 1_160_000))
                .containsExactly("did not keep up: 19333 deliveries/s came, and 20000 were due");
        assertThat(came(20, 1_000, 60, 1_190_000)).isEmpty();
    }

    @Test
    void whatIsOnItsWayAtTheEndIsNotBehind() {
        assertThat(came(1_000, 1, 10, 9_700)).isEmpty();
        assertThat(came(1_000, 1, 10, 9_500)).hasSize(1);
    }

    @Test
    void ofFewEventsOneMoreOrLessIsChance() {
        assertThat(came(0.5, 10, 10, 40)).isEmpty();
        assertThat(came(0.5, 10, 10, 30)).hasSize(1);
    }

    /** Ten of 10,000 conversations are watched: the events of the others are nobody's. */
    @Test
    void whatNobodyWatchesIsNotDue() {
        assertThat(came(100_000, 0.001, 10, 1_000)).isEmpty();
        assertThat(came(100_000, 0.001, 10, 900)).hasSize(1);
    }

    @Test
    void aShortRunHasNoRate() {
        assertThat(came(1_000, 1, 1, 0)).isEmpty();
    }

    @Test
    void whoSendsAtAnotherRateMakesAnotherLoad() {
        Round round = new Round();
        Pace.sent(1_000, 10, 9_800, round);
        assertThat(round.problems()).isEmpty();
        Pace.sent(1_000, 10, 9_600, round);
        Pace.sent(1_000, 10, 10_400, round);
        assertThat(round.problems()).hasSize(2);
    }

    private static List<String> came(double rate, double each, double seconds, long came) {
        Round round = new Round();
        Pace.came("deliveries", rate, each, seconds, came, round);
        return round.problems();
    }
}
