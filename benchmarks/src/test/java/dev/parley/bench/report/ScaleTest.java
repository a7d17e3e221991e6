package dev.parley.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class ScaleTest {

    @Test
    void aLinearScaleEndsAtARoundNumber() {
        Scale scale = Scale.upTo(1_730);
        assertThat(scale.ticks()).extracting(Scale.Tick::label).containsExactly("0", "500", "1k", "1.5k", "2k");
        assertThat(scale.at(1_000)).isEqualTo(0.5);
    }

    @Test
    void aScaleOfNothingStillIsAScale() {
        assertThat(Scale.upTo(0).ticks()).extracting(Scale.Tick::label).containsExactly("0", "1");
        assertThat(Scale.logOf(List.of(7.0)).at(7)).isEqualTo(0.5);
    }

    @Test
    void aLogarithmicScaleLiesBetweenRoundNumbers() {
        Scale scale = Scale.log(0.9, 14);
        assertThat(scale.ticks()).extracting(Scale.Tick::label).containsExactly("0.5", "1", "2", "5", "10", "20");
        assertThat(scale.at(0.5)).isEqualTo(0);
        assertThat(scale.at(20)).isEqualTo(1);
    }

    @Test
    void overManyDecadesOnlyPowersOfTenAreWritten() {
        assertThat(Scale.log(0.3, 800).ticks()).extracting(Scale.Tick::label).containsExactly("1", "10", "100", "1k");
    }

    @Test
    void eachNineOfAPercentileIsAsFarAsTheLast() {
        Scale scale = Scale.percentiles(List.of(0.0, 50.0, 90.0, 99.0, 99.9, 100.0));
        double nine = scale.at(90);
        assertThat(scale.at(99)).isCloseTo(2 * nine, within(1e-9));
        assertThat(scale.at(99.9)).isCloseTo(3 * nine, within(1e-9));
        assertThat(scale.at(100)).isEqualTo(1);
        assertThat(scale.ticks()).extracting(Scale.Tick::label).containsExactly("0", "50", "90", "99", "99.9", "max");
    }
}
