package dev.parley.bench.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ZipfTest {

    @Test
    void theSecondIsAskedHalfAsOftenAsTheFirst() {
        Zipf zipf = new Zipf(5_000);
        int[] asked = new int[5_000];
        for (int n = 0; n < 200_000; n++) {
            asked[zipf.question(n)]++;
        }
        // The first one of 9.09, the sum of 1/n.
        assertThat(asked[0] / 200_000.0).isCloseTo(0.11, within(0.005));
        assertThat((double) asked[1] / asked[0]).isCloseTo(0.5, within(0.05));
        assertThat((double) asked[9] / asked[0]).isCloseTo(0.1, within(0.02));
    }
}
