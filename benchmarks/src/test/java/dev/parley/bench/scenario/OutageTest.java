package dev.parley.bench.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.bench.result.Round;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class OutageTest {

    private final Round round = new Round();

    @Test
    void anEarlierOutagesProblemsAreTheRounds() {
        Round first = new Round();
        first.put("latency_p99_ms", 12);
        first.problem("the client was the bottleneck");

        Outage.keep("first", first, "latency_p99_ms", round);

        assertThat(round.figures()).containsOnly(Map.entry("first_latency_p99_ms", 12.0));
        assertThat(round.problems()).containsExactly("first outage: the client was the bottleneck");
    }

    @Test
    void anEarlierOutageInWhichNothingWasShownIsNotForgotten() {
        Round second = new Round();
        Outage.shown(new Histogram(3), 7, second);

        Outage.keep("second", second, "latency_p99_ms", round);

        assertThat(round.figures()).containsOnly(Map.entry("second_shown_missing", 7.0));
    }

    /** Times of those that came say nothing of those that did not: no time is not the shortest. */
    @Test
    void whatWasNotShownIsCountedAndHasNoTime() {
        Outage.shown(new Histogram(3), 7, round);
        assertThat(round.figures()).containsOnly(Map.entry("shown_missing", 7.0));

        Histogram some = new Histogram(3);
        some.recordValue(1_000_000);
        Outage.shown(some, 3, round);
        assertThat(round.figures()).containsEntry("shown_missing", 3.0).containsKeys("shown_p50_ms", "shown_p99_ms");
    }
}
