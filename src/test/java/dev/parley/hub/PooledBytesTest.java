package dev.parley.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class PooledBytesTest {

    private static String addTo(PooledBytes text, String piece, int times) {
        for (int i = 0; i < times; i++) {
            text.add(piece.getBytes(StandardCharsets.UTF_8));
        }
        return piece.repeat(times);
    }

    @Test
    void nothingIsEmpty() {
        assertThat(new PooledBytes())
                .hasToString("")
                .extracting(PooledBytes::size)
                .isEqualTo(0);
    }

    @Test
    void piecesOfAnyLengthComeBackInOrder() {
        PooledBytes text = new PooledBytes();
        String all = addTo(text, "grün ", 1) + addTo(text, "😀", 5_000) + addTo(text, "x".repeat(30_000), 1);
        assertThat(text).hasToString(all);
        assertThat(text.size()).isEqualTo(all.getBytes(StandardCharsets.UTF_8).length);
    }

    @Test
    void whatIsUsedAgainHasNothingOfTheOneBefore() {
        PooledBytes kept = new PooledBytes();
        String own = addTo(kept, "kept", 10_000);
        for (int i = 0; i < 5; i++) {
            PooledBytes text = new PooledBytes();
            assertThat(addTo(text, "round " + i + " ", 10_000)).isEqualTo(text.toString());
            text.recycle();
        }
        PooledBytes after = new PooledBytes();
        String less = addTo(after, "after", 2_000);
        assertThat(after).hasToString(less);
        assertThat(kept).hasToString(own);
    }
}
