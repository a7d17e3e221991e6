package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.config.TestSettings;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class IngestSettingsTest {

    @ParameterizedTest
    @CsvSource({"500ms, PT0.125S", "1s, PT0.25S", "2s, PT0.5S", "5s, PT0.5S", "10m, PT0.5S"})
    void aLeaseIsRenewedFourTimesWithinItsTimeAndTwiceASecondAtLeast(String lease, Duration beat) {
        assertThat(TestSettings.of(IngestSettings.class, "lease", lease).beat()).isEqualTo(beat);
    }
}
