package dev.parley.chaos;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What came out.
 *
 * @param unanswered tries that failed and were made again
 * @param refused tries that were answered with "later", and made again
 */
record Verdict(long added, long stored, long queued, long unanswered, long refused, int sockets, Ledger.Counts counts) {

    /** Redis kept its data: every socket was shown everything, once and in order, and nobody needed to be told of a gap. */
    void assertNothingLost() {
        assertNothingLostSilently();
        assertThat(counts.lostByRedis)
                .as("acknowledged and not in a log: %s", this)
                .isZero();
        assertThat(counts.gaps).as("gaps: %s", this).isZero();
    }

    /** Redis lost data: what is missing was told, by a gap and a snapshot in its place. */
    void assertNothingLostSilently() {
        assertThat(added + stored + queued).as("events acknowledged").isPositive();
        assertThat(counts.lost).as("lost: %s", this).isZero();
        assertThat(counts.repeated).as("repeated: %s", this).isZero();
        assertThat(counts.reordered).as("reordered: %s", this).isZero();
        assertThat(counts.repeatedInLog).as("repeated in a log: %s", this).isZero();
        assertThat(counts.reorderedInLog).as("reordered in a log: %s", this).isZero();
        assertThat(counts.untoldSockets)
                .as("sockets that were shown what is lost, and not told: %s", this)
                .isZero();
        assertThat(counts.silentResets).as("snapshots without a gap: %s", this).isZero();
    }

    /** Else the test shows nothing of what a loss does: some was acknowledged and is gone, and some of it had been shown. */
    void assertRedisLostSomething() {
        assertThat(counts.lostByRedis)
                .as("acknowledged and not in a log: %s", this)
                .isPositive();
        assertThat(counts.affectedSockets)
                .as("sockets that were shown what is lost: %s", this)
                .isPositive();
    }

    /** Redis lost what each of the sockets had a position in. */
    void assertEverySocketWasTold() {
        assertThat(counts.toldSockets).as("sockets told: %s", this).isEqualTo(sockets);
    }

    @Override
    public String toString() {
        return "acknowledged %s (stream %s, stored %s, queued %s; %s tries failed, %s refused), %s sockets were shown %s, reconnects %s | "
                        .formatted(
                                added + stored + queued,
                                added,
                                stored,
                                queued,
                                unanswered,
                                refused,
                                sockets,
                                counts.shown,
                                counts.reconnects)
                + "lost %s, repeated %s, reordered %s, told %s in %s gaps to %s sockets (%s had seen what is lost) | log: without %s, repeated %s, reordered %s"
                        .formatted(
                                counts.lost,
                                counts.repeated,
                                counts.reordered,
                                counts.told,
                                counts.gaps,
                                counts.toldSockets,
                                counts.affectedSockets,
                                counts.lostByRedis,
                                counts.repeatedInLog,
                                counts.reorderedInLog)
                + (counts.faults.isEmpty() ? "" : " | " + String.join("; ", counts.faults));
    }
}
