package dev.parley.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.event.Position;
import dev.parley.hub.SubscriptionState.AwaitingAck;
import dev.parley.hub.SubscriptionState.AwaitingRetry;
import dev.parley.hub.SubscriptionState.AwaitingRoom;
import dev.parley.hub.SubscriptionState.Left;
import dev.parley.hub.SubscriptionState.Live;
import dev.parley.hub.SubscriptionState.Reading;
import dev.parley.hub.SubscriptionState.ReadingArchive;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Each arrow of the diagram, and what there is no arrow for. */
final class SubscriptionStateTest {

    private static final Position AT = new Position(5, 0);

    static final List<SubscriptionState> BEFORE_LEFT = List.of(
            new AwaitingAck(2),
            new Reading(2, AT),
            new AwaitingRoom(),
            new AwaitingRetry(2),
            new ReadingArchive(2),
            new Live());

    @Test
    void readsOnceRedisHasAcknowledged() {
        assertThat(new AwaitingAck(0).reads(AT)).isEqualTo(new Reading(0, AT));
    }

    @Test
    void failuresAreCountedUntilAReadIsAnswered() {
        AwaitingRetry twice = new Reading(0, AT).fails().reads(AT).fails();
        assertThat(twice).isEqualTo(new AwaitingRetry(2));
        assertThat(twice.reads(null)).isEqualTo(new Reading(2, null));
        assertThat(twice.reads(AT).answered()).isEqualTo(new Reading(0, AT));
        assertThat(new Reading(0, AT).answered().fails()).isEqualTo(new AwaitingRetry(1));
    }

    @Test
    void awaitsTheAcknowledgementWithoutATimeoutOnceARetryFindsNone() {
        assertThat(new AwaitingRetry(3).awaitsAck()).isEqualTo(new AwaitingAck(3));
        assertThat(new AwaitingAck(3).reads(null)).isEqualTo(new Reading(3, null));
    }

    @ParameterizedTest
    @FieldSource("BEFORE_LEFT")
    void goesOnWithWhatItDoesWhereItIsToReadBeforeTheAcknowledgement(SubscriptionState state) {
        if (!(state instanceof AwaitingRetry)) {
            assertThat(state.awaitsAck()).isSameAs(state);
        }
    }

    @Test
    void awaitsRoomBetweenTwoPages() {
        AwaitingRoom awaiting = new Reading(4, AT).answered().awaitsRoom();
        assertThat(awaiting.reads(AT)).isEqualTo(new Reading(0, AT));
    }

    @Test
    void readsTheArchiveWhereTheLogCanNotBeRead() {
        assertThat(new AwaitingAck(0).readsArchive()).isEqualTo(new ReadingArchive(0));
        assertThat(new Reading(1, AT).readsArchive()).isEqualTo(new ReadingArchive(1));
        assertThat(new ReadingArchive(1).fails()).isEqualTo(new AwaitingRetry(2));
        assertThat(new ReadingArchive(1).reads(AT)).isEqualTo(new Reading(1, AT));
    }

    @Test
    void isLiveOnceItHasCaughtUp() {
        assertThat(new Reading(0, AT).caughtUp()).isEqualTo(new Live());
        assertThat(new AwaitingAck(0).caughtUp()).as("it has all there is").isEqualTo(new Live());
    }

    @Test
    void readsWhenItMissedSomethingThatCameLive() {
        assertThat(new Live().reads(AT)).isEqualTo(new Reading(0, AT));
    }

    @Test
    void nothingCanFailForALiveSubscription() {
        assertThatThrownBy(() -> new Live().fails()).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> new Live().readsArchive()).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @FieldSource("BEFORE_LEFT")
    void mayLeaveAtAnyTime(SubscriptionState state) {
        assertThat(state.leaves()).isEqualTo(new Left());
    }

    @Test
    void nothingFollowsAfterItHasLeft() {
        Left left = new Left();
        assertThat(left.leaves()).isEqualTo(left);
        assertThat(left.awaitsAck()).isSameAs(left);
        List<Function<SubscriptionState, SubscriptionState>> transitions = List.of(
                state -> state.reads(AT),
                SubscriptionState::fails,
                SubscriptionState::readsArchive,
                SubscriptionState::caughtUp);
        assertThat(transitions)
                .allSatisfy(transition -> assertThatThrownBy(() -> transition.apply(left))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("was left"));
    }
}
