package dev.parley.bench.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.bench.result.Round;
import dev.parley.bench.subject.Via;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OutageTargetTest {

    private static final Outage.Target TARGET = new Outage.Target("latency_p99_ms", 5, 2_000);

    private final List<String> said = new ArrayList<>();

    @Test
    void whatWasReachedIsSaidAndSoIsWhatWasNot() {
        Round round = new Round();
        round.put("first_latency_p99_ms", 12);
        round.put("second_latency_p99_ms", 5);
        round.put("latency_p99_ms", 5.1);

        assertThat(TARGET.missed(round, said::add)).isEqualTo(1);
        assertThat(said)
                .containsExactly(
                        "second_latency_p99_ms: 5.00, and the target is 5: reached",
                        "latency_p99_ms: 5.10, and the target is 5: MISSED");
    }

    @Test
    void whatWasNotAnsweredMissesIt() {
        Round round = new Round();
        round.put("latency_p99_ms", 1);

        assertThat(TARGET.missed(round, said::add)).isEqualTo(1);
    }

    @Test
    void aGreaterLoadHasNoTarget() {
        assertThat(TARGET.isFor(Settings.of(1, 1, 2_000, Via.HTTP))).isTrue();
        assertThat(TARGET.isFor(Settings.of(1, 1, 2_001, Via.HTTP))).isFalse();
    }
}
