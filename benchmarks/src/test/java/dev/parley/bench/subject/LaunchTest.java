package dev.parley.bench.subject;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class LaunchTest {

    private static final Path HERE = Path.of(".");

    @Test
    void whatARunWasGivenGoesBeforeWhatAScenarioNeeds() {
        Launch launch =
                new Launch(null, null, null, HERE, HERE, List.of("parley.outage.queue=64MiB", "log.ttl=1h"), "", HERE);
        assertThat(launch.with(List.of("outage.queue=1GiB", "hub.linger=0s")).settings())
                .containsExactly("hub.linger=0s", "parley.outage.queue=64MiB", "log.ttl=1h");
    }
}
