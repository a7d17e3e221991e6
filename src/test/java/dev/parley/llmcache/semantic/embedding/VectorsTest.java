package dev.parley.llmcache.semantic.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class VectorsTest {

    @Test
    void bytesAreLittleEndian() {
        assertThat(Vectors.toBytes(new float[] {1, -2})).containsExactly(0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0);
        assertThat(Vectors.fromBytes(Vectors.toBytes(new float[] {0.1f, 7}))).containsExactly(0.1f, 7);
    }

    @Test
    void aUnitHasLengthOne() {
        assertThat(Vectors.unit(new float[] {3, 0, 4})).containsExactly(0.6f, 0, 0.8f);
        assertThatThrownBy(() -> Vectors.unit(new float[] {0, 0})).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Vectors.unit(new float[] {Float.NaN})).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void cosineTakesAnyLength() {
        float[] one = Vectors.unit(new float[] {1, 2, 3, 4, 5, 6, 7});
        assertThat(Vectors.cosine(one, one)).isCloseTo(1, within(1e-6));
    }
}
