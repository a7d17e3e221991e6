package dev.parley.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.YearMonth;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class PartitionsTest {

    private final Locale before = Locale.getDefault();

    @AfterEach
    void restore() {
        Locale.setDefault(before);
    }

    @Test
    void namesAreTheSameInEveryLanguage() {
        Locale.setDefault(Locale.forLanguageTag("ar"));
        assertThat(String.format(Locale.getDefault(), "%d", 26))
                .as("this language has digits of its own")
                .isEqualTo("٢٦");
        assertThat(Partitions.name(YearMonth.of(2026, 1))).isEqualTo("audit_entries_2026_01");
    }

    @Test
    void aNameIsReadInAnyDigitsWithASchemaAndInQuotes() {
        assertThat(Partitions.month("audit_entries_2026_01")).isEqualTo(YearMonth.of(2026, 1));
        assertThat(Partitions.month("\"audit_entries_٢٠٢٦_٠١\"")).isEqualTo(YearMonth.of(2026, 1));
        assertThat(Partitions.month("public.\"audit_entries_٢٠٢٦_٠١\"")).isEqualTo(YearMonth.of(2026, 1));
        assertThat(Partitions.month("audit_entries_other")).isNull();
    }
}
