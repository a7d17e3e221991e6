package dev.parley.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class IdsTest {

    @Test
    void eachCharacterIsAllowedOrForbiddenAsTheProtocolSays() {
        for (int c = 0; c <= 0x17F; c++) {
            boolean allowed = c > 0x20 && c < 0x7F && "{}\"\\".indexOf(c) < 0;
            for (String id : new String[] {(char) c + "bc", "a" + (char) c + "c", "ab" + (char) c}) {
                assertThat(Ids.valid(id)).as("U+%04X in %s", c, id).isEqualTo(allowed);
            }
        }
    }

    @Test
    void hasAtLeastOneAndAtMost128Characters() {
        assertThat(Ids.valid("")).isFalse();
        assertThat(Ids.valid(null)).isFalse();
        assertThat(Ids.valid("a")).isTrue();
        assertThat(Ids.valid("a".repeat(128))).isTrue();
        assertThat(Ids.valid("a".repeat(129))).isFalse();
    }

    @Test
    void randomOnesAreValidAndDiffer() {
        Set<String> ids = new HashSet<>();
        for (int i = 0; i < 10_000; i++) {
            String id = Ids.random();
            assertThat(Ids.valid(id)).isTrue();
            assertThat(ids.add(id)).isTrue();
        }
    }
}
