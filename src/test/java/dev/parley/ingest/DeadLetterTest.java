package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisCommandExecutionException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class DeadLetterTest {

    private static final StreamEntry ENTRY =
            new StreamEntry("5-0", Map.of("nonsense", "1".getBytes(StandardCharsets.UTF_8)));

    @Test
    void aDeadLetterHasTheEntrysFieldsAndWhyWhenAndWhereItCameFrom() {
        Map<String, byte[]> fields = DeadLetter.fields(ENTRY, "no event", "2026-01-01T00:00:00Z");
        DeadLetter letter = DeadLetter.of(new StreamEntry("9-0", fields));
        assertThat(letter.id()).isEqualTo("9-0");
        assertThat(letter.sourceId()).isEqualTo("5-0");
        assertThat(letter.reason()).isEqualTo("no event");
        assertThat(letter.at()).isEqualTo("2026-01-01T00:00:00Z");
        assertThat(letter.fields()).isEqualTo(ENTRY.fields());
    }

    @Test
    void whatAnotherProgramAddedToTheDeadLettersIsListedToo() {
        assertThat(DeadLetter.of(ENTRY)).isEqualTo(new DeadLetter("5-0", "", "", "", ENTRY.fields()));
    }

    @Test
    void anIdThatIsNotTheHighestIsToldApartFromOtherErrors() {
        assertThat(DeadLetters.isAfterLast(new RedisCommandExecutionException(
                        "ERR The ID specified in XADD is equal or smaller than the target stream top item")))
                .isTrue();
        assertThat(DeadLetters.isAfterLast(new RedisCommandExecutionException("OOM command not allowed")))
                .isFalse();
        assertThat(DeadLetters.isAfterLast(new RedisCommandExecutionException((String) null)))
                .isFalse();
        assertThat(DeadLetters.isAfterLast(new IllegalStateException("equal or smaller")))
                .isFalse();
    }
}
