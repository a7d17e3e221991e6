package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Replies as the scripts give them. */
final class ScriptRepliesTest {

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void aLeaseThatWasAcquiredSaysWhereToReadOn() {
        assertThat(AcquireResult.of(List.of(3L, text("taken"), text("5-1"), 42L, text("7"), text("0"))))
                .isEqualTo(new AcquireResult.Acquired(3, new StreamOffset("5-1", 42), 7, false));
        assertThat(AcquireResult.of(List.of(1L, text("taken"), text("0-0"), -1L, text("8"), text("1"))))
                .isEqualTo(new AcquireResult.Acquired(1, StreamOffset.BEGINNING, 8, true));
    }

    @Test
    void aFreeLeaseSaysHowManyNodesReadTheStream() {
        assertThat(AcquireResult.of(List.of(2L, text("free")))).isEqualTo(new AcquireResult.Free(2));
    }

    @Test
    void aHeldLeaseSaysWhenItExpires() {
        assertThat(AcquireResult.of(List.of(2L, text("held"), 1_500L)))
                .isEqualTo(new AcquireResult.Held(2, Duration.ofMillis(1_500)));
    }

    @Test
    void aCommitThatRegistersSaysHowManyNodesReadTheStreamAndWhatWasCounted() {
        assertThat(CommitResult.of(List.of(1L, 3L, 42L))).isEqualTo(new CommitResult.Kept(3, 42));
    }

    @Test
    void aCommitThatOnlyRenewsHasNoNews() {
        assertThat(CommitResult.of(List.of(1L))).isEqualTo(new CommitResult.Kept(0, StreamOffset.UNKNOWN));
    }

    @Test
    void aCommitWithoutTheLeaseIsLost() {
        CommitResult lost = CommitResult.of(List.of(0L));
        assertThat(lost).isEqualTo(new CommitResult.Lost());
        assertThat(lost.readers()).isZero();
    }

    @Test
    void aTrimCheckSaysWhetherTheStreamBeginsAfterTheReader() {
        assertThat(TrimCheck.of(List.of(1L, text("1"), text("9-0"), 8L))).isEqualTo(new TrimCheck(true, "9-0", 8));
        assertThat(TrimCheck.of(List.of(1L, text("0"), text(""), -1L))).isEqualTo(new TrimCheck(false, "", -1));
    }

    @Test
    void aTrimCheckWithoutTheLeaseSaysNothing() {
        assertThat(TrimCheck.of(List.of(0L))).isNull();
    }

    @Test
    void attemptsComeInTheOrderOfTheIds() {
        assertThat(DeliveryAttempts.byId(List.of("1-0", "2-0"), List.of(4L, 1L)))
                .containsOnly(java.util.Map.entry("1-0", 4L), java.util.Map.entry("2-0", 1L));
    }
}
