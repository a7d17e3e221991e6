package dev.parley.hub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.auth.Access;
import dev.parley.event.EventCodec;
import dev.parley.event.Position;
import dev.parley.resilience.QueuedEvent;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class PendingEventsTest {

    private static final Access ACME = new Access("acme", true, false);
    private static final Access OTHER = new Access("other", true, false);
    private static final Access TRUSTED = new Access("ops", false, true);

    private final PendingEvents pending = new PendingEvents();

    private static QueuedEvent event(String id, Access publisher, int size) {
        String json =
                "{\"event\":\"agent.note\",\"payload\":{\"conversation_id\":\"c\",\"x\":\"" + "x".repeat(size) + "\"}}";
        return new QueuedEvent(
                EventCodec.parse(json.getBytes(StandardCharsets.UTF_8)).withEventId(id), publisher);
    }

    private boolean shown(String id) {
        return pending.add("c", event(id, TRUSTED, 1), true, null) != null;
    }

    @Test
    void whatWasHandedOutAlreadyIsNotShownAgain() {
        for (int i = 0; i < 9_000; i++) {
            pending.emitted("e" + i);
        }
        assertThat(shown("e8999")).isFalse();
        assertThat(shown("e6952")).isFalse();
        assertThat(shown("new")).isTrue();
        assertThat(shown("new")).isFalse();
        assertThat(shown("newer")).isTrue();
    }

    @Test
    void whatIsNotShownKeepsAllBehindItFromBeingShownUntilItIsInTheLog() {
        assertThat(pending.add("c", event("1", TRUSTED, 1), false, null)).isNull();
        assertThat(shown("2")).isFalse();
        pending.placed("1", Position.of("1-0"));
        assertThat(shown("3")).isFalse();
        pending.placed("2", Position.of("2-0"));
        pending.remove("3");
        assertThat(shown("4")).isTrue();
    }

    @Test
    void whatWaitsBehindSomethingThatNobodyHereWasToldOfIsNotShown() {
        assertThat(pending.add("c", event("2", TRUSTED, 1), true, "1")).isNull();
        pending.placed("2", Position.of("2-0"));
        assertThat(shown("3")).isTrue();
        assertThat(pending.add("c", event("4", TRUSTED, 1), true, "3")).isNotNull();
        pending.emitted("5");
        assertThat(pending.add("c", event("6", TRUSTED, 1), true, "5"))
                .as("it came before")
                .isNotNull();
    }

    @Test
    void countAndBytesAreBounded() {
        for (int i = 0; i < 1_024; i++) {
            assertThat(shown("e" + i)).isTrue();
        }
        assertThat(shown("one too many")).isFalse();
        PendingEvents large = new PendingEvents();
        for (int i = 0; i < 17; i++) {
            assertThat(large.add("c", event("e" + i, TRUSTED, 60_000), true, null))
                    .isNotNull();
        }
        assertThat(large.add("c", event("too much", TRUSTED, 60_000), true, null))
                .isNull();
    }

    @Test
    void whoBeginsIsShownWhatTheLogHasBehindItsPosition() {
        assertThat(shown("1")).isTrue();
        assertThat(shown("2")).isTrue();
        pending.placed("1", Position.of("1-0"));
        pending.placed("2", Position.of("2-0"));
        assertThat(pending.shownTo(TRUSTED, Position.of("1-0"))).hasSize(1);
        assertThat(pending.shownTo(TRUSTED, Position.of("2-0"))).isEmpty();
    }

    @Test
    void whatIsPlacedWithoutHavingComeWasInTheLogBefore() {
        assertThat(shown("1")).isTrue();
        assertThat(pending.wasConfirmed("1")).isFalse();
        pending.emitted("1");
        assertThat(pending.wasConfirmed("1")).isTrue();
        assertThat(pending.wasConfirmed("never shown")).isTrue();
    }

    @Test
    void roomIsMadeWhenEverySeatHasGotWhatTheLogHas() {
        for (int i = 0; i < 1_024; i++) {
            assertThat(shown("e" + i)).isTrue();
        }
        pending.placed("e0", Position.of("5-0"));
        pending.forget(Position.of("4-0"));
        assertThat(pending.shownTo(TRUSTED, Position.of("5-0"))).hasSize(1_023);
        assertThat(shown("early")).isFalse();
        pending.remove("early");
        pending.forget(Position.of("5-0"));
        assertThat(shown("late")).isTrue();
        assertThat(pending.shownTo(TRUSTED, null)).hasSize(1_024);
    }

    @Test
    void theFirstIsTheOldestThatSomeSeatMayStillHaveToRead() {
        assertThat(pending.first()).isEqualTo(pending.next()).isZero();
        assertThat(shown("e0")).isTrue();
        assertThat(shown("e1")).isTrue();
        pending.placed("e0", Position.of("5-0"));
        assertThat(pending.first()).isZero();
        pending.forget(Position.of("5-0"));
        assertThat(pending.first()).isEqualTo(1);
        pending.remove("e1");
        assertThat(pending.first()).isEqualTo(pending.next()).isEqualTo(2);
    }

    @Test
    void aCheckedPublishersEventIsForItsOwnTenantOnly() {
        assertThat(pending.add("c", event("1", ACME, 1), true, null)).isNotNull();
        assertThat(pending.shownTo(ACME, null)).hasSize(1);
        assertThat(pending.shownTo(OTHER, null)).isEmpty();
        assertThat(pending.shownTo(TRUSTED, null)).isEmpty();
        assertThat(pending.add("c", event("2", TRUSTED, 1), true, null)).isNotNull();
        assertThat(pending.shownTo(OTHER, null)).hasSize(1);
    }
}
