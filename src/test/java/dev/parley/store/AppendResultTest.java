package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.Position;
import dev.parley.publish.ScriptedAppends;
import org.junit.jupiter.api.Test;

final class AppendResultTest {

    @Test
    void anEventThatWasAppendedHasItsPlace() {
        StoredEvent appended = new StoredEvent(new Position(0, 1), false, "", false);
        AppendResult outcome = new AppendResult(appended, null);
        assertThat(outcome.orThrow()).isSameAs(appended);
        assertThat(outcome.isPassing()).isFalse();
    }

    @Test
    void aRefusalForNowIsPassingAndAnyOtherIsNot() {
        AppendResult forNow = new AppendResult(null, ScriptedAppends.unavailable());
        AppendResult forGood = new AppendResult(null, ParleyException.of(ErrorCode.FORBIDDEN, "no"));
        assertThat(forNow.isPassing()).isTrue();
        assertThat(forGood.isPassing()).isFalse();
        assertThatThrownBy(forGood::orThrow).isSameAs(forGood.refusal());
    }
}
