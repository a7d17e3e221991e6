package dev.parley.bench.subject;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.bench.subject.Logs.Ledger;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogsTest {

    @Test
    void eachOnceInOrderIsRight() {
        assertThat(Ledger.of(List.of(0, 1, 2), 3)).isEqualTo(Ledger.EMPTY);
    }

    @Test
    void whatIsNotThereIsLost() {
        assertThat(Ledger.of(List.of(1, 3), 5)).isEqualTo(new Ledger(3, 0, 0));
    }

    @Test
    void whatIsThereAgainIsRepeated() {
        assertThat(Ledger.of(List.of(0, 1, 0, 2, 2), 3)).isEqualTo(new Ledger(0, 2, 0));
    }

    @Test
    void whatStandsBehindALaterOneIsReordered() {
        assertThat(Ledger.of(List.of(0, 2, 1, 3), 4)).isEqualTo(new Ledger(0, 0, 1));
    }
}
