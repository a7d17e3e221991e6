package dev.parley.bench.result;

import static dev.parley.bench.result.Sample.results;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.parley.bench.result.Difference.Verdict;
import org.junit.jupiter.api.Test;

class ComparisonTest {

    @Test
    void overlappingRangesAreNoise() {
        assertThat(difference("latency_p50_ms", new double[] {1, 2, 3}, new double[] {2.5, 4, 5})
                        .verdict())
                .isEqualTo(Verdict.NOISE);
    }

    @Test
    void replayingMoreASecondIsBetterAndTakingLongerToReplayIsWorse() {
        double[] less = {1, 2, 3};
        double[] more = {4, 5, 6};
        assertThat(difference("replayed_per_s", less, more).verdict()).isEqualTo(Verdict.BETTER);
        assertThat(difference("replay_p99_ms", less, more).verdict()).isEqualTo(Verdict.WORSE);
    }

    @Test
    void lessLatencyIsBetterAndMoreIsWorse() {
        double[] less = {1, 2, 3};
        double[] more = {4, 5, 6};
        assertThat(difference("latency_p50_ms", less, more).verdict()).isEqualTo(Verdict.WORSE);
        assertThat(difference("latency_p50_ms", less, more).ratio()).isEqualTo(2.5);
        assertThat(difference("latency_p50_ms", less, more).worseBy()).isEqualTo(2.5);
        assertThat(difference("latency_p50_ms", more, less).verdict()).isEqualTo(Verdict.BETTER);
        assertThat(difference("latency_p50_ms", more, less).worseBy()).isEqualTo(1);
    }

    @Test
    void moreDeliveriesAreBetterAndFewerAreWorse() {
        double[] fewer = {10, 10, 10};
        double[] more = {12, 12.5, 13};
        assertThat(difference("deliveries_per_gateway_cpu_s", fewer, more).verdict())
                .isEqualTo(Verdict.BETTER);
        assertThat(difference("deliveries_per_s", more, fewer).verdict()).isEqualTo(Verdict.WORSE);
        assertThat(difference("deliveries_per_s", more, fewer).worseBy()).isCloseTo(1.25, within(1e-9));
    }

    @Test
    void whatTheClientUsedJudgesNothing() {
        assertThat(difference("client_cores", new double[] {1}, new double[] {2})
                        .verdict())
                .isEqualTo(Verdict.DIFFERENT);
    }

    @Test
    void coresJudgeOnlyWhereTheLoadHasARate() {
        assertThat(Better.of("gateway_cores", true)).isEqualTo(Better.LOWER);
        assertThat(Better.of("gateway_cores", false)).isEqualTo(Better.NEITHER);
        assertThat(Better.of("gateway_cpu_us_per_delivery", false)).isEqualTo(Better.LOWER);
    }

    @Test
    void switchesPerSecondAreACostAlthoughTheyArePerSecond() {
        assertThat(Better.of("gateway_switches_per_s", true)).isEqualTo(Better.LOWER);
    }

    @Test
    void aLossWhereThereWasNoneIsInfinitelyWorse() {
        Difference lost = difference("lost", new double[] {0, 0}, new double[] {3, 4});
        assertThat(lost.verdict()).isEqualTo(Verdict.WORSE);
        assertThat(lost.worseBy()).isInfinite();
    }

    @Test
    void nothingAndNothingAreTheSame() {
        Difference lost = difference("lost", new double[] {0, 0}, new double[] {0, 0});
        assertThat(lost.verdict()).isEqualTo(Verdict.SAME);
        assertThat(lost.ratio()).isEqualTo(1);
    }

    @Test
    void theOnlySystemsOfAPhaseAreComparedAlthoughTheirNamesDiffer() {
        Comparison comparison = Comparison.of(
                results(Sample.of("tokens/max", "parley", "lost", 0)),
                results(Sample.of("tokens/max", "raw", "lost", 0)));
        assertThat(comparison.pairs())
                .singleElement()
                .satisfies(pair -> assertThat(pair.name()).isEqualTo("tokens/max parley → raw"));
    }

    @Test
    void amongSeveralSystemsTheNameDecidesAndTheOthersAreLeftOver() {
        Result raw = Sample.of("tokens/max", "raw", "lost", 0);
        Result nchan = Sample.of("tokens/max", "nchan", "lost", 0);
        Comparison comparison = Comparison.of(
                results(Sample.of("tokens/max", "parley", "lost", 0), raw),
                results(nchan, Sample.of("tokens/max", "parley", "lost", 0)));
        assertThat(comparison.pairs()).extracting(Comparison.Pair::name).containsExactly("tokens/max parley");
        assertThat(comparison.onlyA()).containsExactly(raw);
        assertThat(comparison.onlyB()).containsExactly(nchan);
    }

    @Test
    void aPhaseThatOneSideLacksIsLeftOver() {
        Result paced = Sample.of("tokens/paced", "parley", "lost", 0);
        Comparison comparison = Comparison.of(results(paced), results(Sample.of("tokens/max", "parley", "lost", 0)));
        assertThat(comparison.pairs()).isEmpty();
        assertThat(comparison.onlyA()).containsExactly(paced);
        assertThat(comparison.onlyB()).hasSize(1);
    }

    @Test
    void onlyFiguresThatBothHaveAreCompared() {
        Comparison comparison = Comparison.of(
                results(Sample.of("tokens/max", "parley", "lost", 0)),
                results(Sample.of("tokens/max", "parley", "gaps", 0)));
        assertThat(comparison.pairs())
                .singleElement()
                .satisfies(pair -> assertThat(pair.differences()).isEmpty());
    }

    private static Difference difference(String figure, double[] a, double[] b) {
        Comparison comparison = Comparison.of(
                results(Sample.of("tokens/paced", "parley", figure, a)),
                results(Sample.of("tokens/paced", "parley", figure, b)));
        return comparison.pairs().get(0).differences().get(0);
    }
}
