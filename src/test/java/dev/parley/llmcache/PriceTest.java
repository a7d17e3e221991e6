package dev.parley.llmcache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class PriceTest {

    @Test
    void aSettingNamesAModelAndWhatItReadsAndWritesFor() {
        assertThat(Price.byModel(List.of("gpt-4o=2.5/10", "org/small:1b=0.02/0")))
                .isEqualTo(Map.of("gpt-4o", new Price(2.5, 10), "org/small:1b", new Price(0.02, 0)));
    }
}
