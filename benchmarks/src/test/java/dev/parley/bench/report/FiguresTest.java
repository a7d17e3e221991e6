package dev.parley.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FiguresTest {

    @Test
    void namesAreWordsAndUnits() {
        assertThat(Figures.label("gateway_cpu_us_per_delivery")).isEqualTo("gateway CPU, µs per delivery");
        assertThat(Figures.label("deliveries_per_gateway_cpu_s")).isEqualTo("deliveries per gateway CPU-second");
        assertThat(Figures.label("gateway_rss_mib")).isEqualTo("gateway memory, MiB");
        assertThat(Figures.label("latency_p99.9_ms")).isEqualTo("latency p99.9, ms");
        assertThat(Figures.label("lost")).isEqualTo("lost");
        assertThat(Figures.title("lost")).isEqualTo("Lost");
    }

    @Test
    void numbersHaveThreeDigitsThatCount() {
        assertThat(Numbers.text(12_345.6)).isEqualTo("12,346");
        assertThat(Numbers.text(12.345)).isEqualTo("12.3");
        assertThat(Numbers.text(1.2345)).isEqualTo("1.23");
        assertThat(Numbers.text(0.12345)).isEqualTo("0.123");
        assertThat(Numbers.text(0)).isEqualTo("0");
        assertThat(Numbers.text(Double.NaN)).isEqualTo("–");
    }
}
