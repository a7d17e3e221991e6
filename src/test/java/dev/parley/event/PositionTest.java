package dev.parley.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PositionTest {

    @ParameterizedTest
    @ValueSource(strings = {"0", "1-0", "0-1", "1763870000123-0", "1763870000123-4095", "999999999999999999-1"})
    void isWrittenAsItWasRead(String text) {
        assertThat(Position.of(text)).hasToString(text);
    }

    @Test
    void theZeroOfAStreamIsTheZeroOfALog() {
        assertThat(Position.parse("0-0")).isEqualTo(Position.ZERO).hasToString("0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-",
                "1",
                "00",
                "1-",
                "-1",
                "--1",
                "1--1",
                "1-1-1",
                " 1-1",
                "1-1 ",
                "+1-1",
                "1-+1",
                "-1-1",
                "1.5-0",
                "1e3-0",
                "0x1-0",
                "a-b",
                "٣-٣",
                "$",
                "+",
                "(1-1",
                "*",
                "1234567890123456789-0",
                "0-1234567890123456789",
                "null",
                "1-1\n"
            })
    void whatIsNoPositionIsNull(String text) {
        assertThat(Position.parse(text)).isNull();
        assertThatThrownBy(() -> Position.of(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(text);
    }

    @Test
    void goByTimeAndThenBySequenceAsNumbers() {
        List<Position> sorted = List.of(
                Position.ZERO, Position.of("0-1"), Position.of("9-10"), Position.of("10-9"), Position.of("10-10"));
        for (int i = 0; i < sorted.size(); i++) {
            for (int j = 0; j < sorted.size(); j++) {
                assertThat(sorted.get(i).isAfter(sorted.get(j))).isEqualTo(i > j);
                assertThat(Integer.signum(sorted.get(i).compareTo(sorted.get(j))))
                        .isEqualTo(Integer.compare(i, j));
            }
        }
    }
}
