package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** One test for each arrow of the diagram. */
final class ReaderStateTest {

    private static final AcquireResult.Acquired LEASE =
            new AcquireResult.Acquired(2, new StreamOffset("7-0", 7), 3, false);
    private static final ReaderState STANDBY = new ReaderState.Standby();
    private static final ReaderState UNCLAIMED = new ReaderState.Unclaimed(100);
    private static final ReaderState LEADING = STANDBY.acquired(LEASE);

    @Test
    void aNodeThatStandsByLeadsWhenItAcquiresTheLease() {
        StreamCursor cursor = STANDBY.acquired(LEASE).cursor();
        assertThat(cursor.id()).isEqualTo("7-0");
        assertThat(cursor.generation()).isEqualTo(3);
        assertThat(cursor.progress()).isEqualTo(new StreamOffset("7-0", 7));
    }

    @Test
    void aNodeThatStandsByStandsByWhileTheLeaseIsHeld() {
        assertThat(STANDBY.held()).isEqualTo(STANDBY);
        assertThat(STANDBY.lost()).isEqualTo(STANDBY);
        assertThat(STANDBY.isUnclaimedFor(Duration.ZERO, 1_000)).isFalse();
    }

    @Test
    void aNodeThatStandsByNotesSinceWhenTheLeaseIsFree() {
        assertThat(STANDBY.free(100)).isEqualTo(UNCLAIMED);
    }

    @Test
    void aFreeLeaseIsUnclaimedSinceItWasFirstFound() {
        assertThat(UNCLAIMED.free(200)).isEqualTo(UNCLAIMED);
        assertThat(UNCLAIMED.isUnclaimedFor(Duration.ofNanos(50), 150)).isFalse();
        assertThat(UNCLAIMED.isUnclaimedFor(Duration.ofNanos(50), 151)).isTrue();
        assertThat(new ReaderState.Unclaimed(Long.MAX_VALUE).isUnclaimedFor(Duration.ofNanos(50), Long.MIN_VALUE + 50))
                .as("the clock's overflow")
                .isTrue();
    }

    @Test
    void aFreeLeaseThatAnotherNodeAcquiresIsStoodByFor() {
        assertThat(UNCLAIMED.held()).isEqualTo(STANDBY);
    }

    @Test
    void aFreeLeaseThatThisNodeAcquiresIsLed() {
        assertThat(UNCLAIMED.acquired(LEASE).cursor().id()).isEqualTo("7-0");
    }

    @Test
    void aFreeLeaseCanNotBeLost() {
        assertThat(UNCLAIMED.lost()).isEqualTo(UNCLAIMED);
    }

    @Test
    void aLeaderThatLosesTheLeaseStandsBy() {
        assertThat(LEADING.lost()).isEqualTo(STANDBY);
        assertThat(LEADING.isUnclaimedFor(Duration.ZERO, 1_000)).isFalse();
    }

    @Test
    void aLeaderThatHandsOverLeavesTheLeaseUnclaimed() {
        assertThat(LEADING.handedOver(100)).isEqualTo(UNCLAIMED);
    }
}
