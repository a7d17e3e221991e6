package dev.parley.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class UsagesTest {

    @Test
    void aProcessThatIsThereHasUsedSomething() {
        Usages used =
                Usages.now(List.of(new Watched("client", ProcessHandle.current().pid())));

        assertThat(used.has("client")).isTrue();
        assertThat(used.of("client").rss()).isPositive();
        assertThat(used.of("client").threads()).isPositive();
        assertThat(used.of("client").switches()).isPositive();
    }

    @Test
    void oneThatIsNotThereHasNoPart() throws IOException, InterruptedException {
        Process gone = new ProcessBuilder("true").start();
        assertThat(gone.waitFor()).isZero();
        Usages used = Usages.now(List.of(new Watched("redis", gone.pid())));

        assertThat(used.has("redis")).isFalse();
        assertThat(used.byRole()).isEmpty();
    }
}
