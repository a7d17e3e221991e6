package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class StreamOffsetTest {

    @Test
    void aKnownCountGrows() {
        assertThat(new StreamOffset("5-0", 0).counted()).isTrue();
        assertThat(new StreamOffset("5-0", 3).plus(4)).isEqualTo(new StreamOffset("5-0", 7));
    }

    @Test
    void anUnknownCountRemainsUnknown() {
        assertThat(StreamOffset.BEGINNING.counted()).isFalse();
        assertThat(StreamOffset.BEGINNING.plus(4)).isEqualTo(StreamOffset.BEGINNING);
    }
}
