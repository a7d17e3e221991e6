package dev.parley.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class PausesTest {

    @Test
    void thoseSinceThenAreTheLaterOnes() {
        Pauses before = Pauses.of(List.of(5.0, 40.0));
        Pauses since = Pauses.of(List.of(5.0, 40.0, 5.0, 2.0)).since(before);

        assertThat(since.count()).isEqualTo(2);
        assertThat(since.max()).isEqualTo(5);
        assertThat(since.sum()).isEqualTo(7);
    }

    @Test
    void twoJvmsPausesAreAddedUp() {
        Pauses both = Pauses.of(List.of(5.0)).plus(Pauses.of(List.of(7.0, 1.0)));

        assertThat(both.count()).isEqualTo(3);
        assertThat(both.max()).isEqualTo(7);
        assertThat(both.sum()).isEqualTo(13);
    }

    @Test
    void thisJvmsOwnAreCounted() {
        Pauses before = Pauses.own();
        System.gc();
        assertThat(Pauses.own().since(before).count()).isPositive();
    }
}
