package dev.parley.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The ledger finds what it is there for. Events are numbers, and are shown where a log that has them all has them. */
final class LedgerTest {

    private final Ledger ledger = new Ledger();

    private static Mark mark(int number) {
        return new Mark("p", "c", number);
    }

    private void acknowledge(int upTo) {
        IntStream.rangeClosed(1, upTo).forEach(n -> ledger.acknowledged(mark(n), Ledger.Answer.STORED));
    }

    private static List<Ledger.Entry> log(int... numbers) {
        List<Ledger.Entry> log = new ArrayList<>();
        for (int number : numbers) {
            log.add(new Ledger.Entry((100 + log.size()) + "-0", mark(number)));
        }
        return log;
    }

    private static Ledger.Shown event(int number) {
        return new Ledger.Shown(mark(number), (99 + number) + "-0");
    }

    private static Ledger.Shown gap(String snapshot) {
        return new Ledger.Shown((@Nullable Mark) null, snapshot);
    }

    private Ledger.Counts count(List<Ledger.Entry> log, Ledger.Shown... shown) {
        return ledger.verdict(Map.of("c", log), List.of(new Ledger.Account("c", List.of(shown), 0, 0)))
                .counts();
    }

    @Test
    void everythingOnceAndInOrderIsWell() {
        acknowledge(3);
        Ledger.Counts counts = count(log(1, 2, 3), event(1), event(2), event(3));
        assertThat(counts.lost + counts.told + counts.repeated + counts.reordered + counts.lostByRedis)
                .isZero();
        assertThat(counts.shown).isEqualTo(3);
    }

    @Test
    void whatIsMissingInTheMiddleAndAtTheEndIsLost() {
        acknowledge(5);
        assertThat(count(log(1, 2, 3, 4, 5), event(1), event(3)).lost).isEqualTo(3);
    }

    @Test
    void aSocketThatWasShownNothingHasLostEverything() {
        acknowledge(5);
        assertThat(count(log(1, 2, 3, 4, 5)).lost).isEqualTo(5);
    }

    @Test
    void onlyWhatNeverArrivedInTheStreamIsTakenBack() {
        acknowledge(1);
        for (int n : List.of(2, 3, 4, 5)) {
            ledger.acknowledged(mark(n), Ledger.Answer.ADDED);
        }
        List<Ledger.Entry> log = log(3);
        assertThat(ledger.takeBackWhatNeverArrived(
                        Set.of(mark(2).id()),
                        Map.of("c", log),
                        List.of(new Ledger.Account("c", List.of(event(5)), 0, 0))))
                .as("4: it is neither in the stream nor in the log, and was not shown as 5 was")
                .isOne();
        assertThat(ledger.size()).isEqualTo(4);
        assertThat(count(log, event(3)).lost)
                .as("1 was stored, 2 is in the stream, 5 was shown")
                .isEqualTo(3);
    }

    @Test
    void whatComesTwiceOrLateIsCounted() {
        acknowledge(3);
        Ledger.Counts counts = count(log(1, 2, 3), event(1), event(3), event(2), event(3));
        assertThat(counts.reordered).isEqualTo(1);
        assertThat(counts.repeated).isEqualTo(1);
    }

    @Test
    void aGapTellsOfWhatRedisHasLost() {
        acknowledge(5);
        Ledger.Counts counts = count(log(1, 4, 5), event(1), gap("100-0"), event(4), event(5));
        assertThat(counts.told).isEqualTo(2);
        assertThat(counts.lost).isZero();
        assertThat(counts.lostByRedis).isEqualTo(2);
        assertThat(counts.toldSockets).isEqualTo(1);
    }

    @Test
    void aGapDoesNotExcuseWhatTheLogHasPastItsSnapshot() {
        acknowledge(5);
        Ledger.Counts counts = count(log(1, 2, 3, 4, 5), event(1), gap("101-0"), event(5));
        assertThat(counts.told).as("2 is in the snapshot").isEqualTo(1);
        assertThat(counts.lost).as("3 and 4 came after it").isEqualTo(2);
    }

    @Test
    void whatRedisHasLostIsShownAgainBehindAGapOnly() {
        acknowledge(3);
        List<Ledger.Entry> log = log(1, 2, 3);
        Ledger.Shown lost = new Ledger.Shown(mark(2), "50-0");
        Ledger.Counts counts = count(log, event(1), lost, gap("100-0"), event(2), event(3));
        assertThat(counts.repeated + counts.lost + counts.reordered).isZero();
        assertThat(count(log, event(1), lost, event(2), event(3)).repeated).isOne();
        assertThat(count(log, event(1), gap("100-0"), event(1), event(2), event(3)).repeated)
                .isOne();
    }

    @Test
    void whatIsBehindTheSnapshotOfAGapComesAgain() {
        acknowledge(4);
        List<Ledger.Entry> log = log(1, 2, 3, 4);
        Ledger.Counts counts = count(log, event(1), event(2), event(3), gap("100-0"), event(2), event(3), event(4));
        assertThat(counts.repeated + counts.lost + counts.reordered + counts.told)
                .isZero();
        assertThat(count(log, event(1), event(2), event(3), gap("100-0"), event(4)).lost)
                .as("2 and 3 are not in the snapshot")
                .isEqualTo(2);
    }

    @Test
    void whoWasShownWhatRedisHasLostIsToldAfterwards() {
        acknowledge(3);
        List<Ledger.Entry> log = log(1, 2);
        Ledger.Counts told = count(log, event(1), event(2), event(3), gap("101-0"));
        assertThat(told.affectedSockets).isOne();
        assertThat(told.untoldSockets).isZero();
        Ledger.Counts untold = count(log, event(1), gap("100-0"), event(2), event(3));
        assertThat(untold.untoldSockets).as("3: the gap was before it").isOne();
        assertThat(count(log, event(1), event(2)).affectedSockets).isZero();
    }

    @Test
    void aSnapshotOlderThanTheOneBeforeItTakesThatBack() {
        acknowledge(4);
        List<Ledger.Entry> log = log(1, 2, 3, 4);
        Ledger.Counts counts = count(log, event(1), event(2), gap("102-0"), event(4), gap("101-0"), event(3), event(4));
        assertThat(counts.repeated + counts.lost + counts.reordered).isZero();
        assertThat(count(log, event(1), gap("102-0"), event(4), gap("101-0"), event(4)).lost)
                .as("3: the client has begun again from a snapshot without it")
                .isOne();
    }

    /** As after a failover that lost the log's end and less of the stream's: 3 is read from there again, 4 to 6 are gone from both. */
    @Test
    void aGapTellsOfWhatIsLostThoughSomethingBeforeItComesAgain() {
        acknowledge(7);
        List<Ledger.Entry> log = log(1, 2, 3, 7);
        Ledger.Shown lost = new Ledger.Shown(mark(3), "50-0");
        Ledger.Counts counts =
                count(log, event(1), event(2), lost, event(4), event(5), gap("101-0"), event(3), event(7));
        assertThat(counts.told).as("4, 5, and 6 behind them").isEqualTo(3);
        assertThat(counts.lost + counts.repeated + counts.reordered).isZero();
        assertThat(count(log(1, 2, 3), event(1), event(2), lost, event(4), event(5), gap("101-0"), event(3), event(6))
                        .lost)
                .as("7: nothing was told after 6")
                .isOne();
    }

    @Test
    void aGapElsewhereExcusesNothing() {
        acknowledge(4);
        assertThat(count(log(1, 4), event(1), gap("100-0"), event(2), event(4)).lost)
                .as("3")
                .isEqualTo(1);
    }

    @Test
    void aLogWithAnEventTwiceOrInAnotherOrderIsFound() {
        acknowledge(3);
        Ledger.Counts counts = count(log(1, 3, 2, 2));
        assertThat(counts.reorderedInLog).isEqualTo(1);
        assertThat(counts.repeatedInLog).isEqualTo(1);
    }

    @Test
    void whatWasQueuedCountsAsAcknowledged() {
        ledger.acknowledged(mark(1), Ledger.Answer.QUEUED);
        assertThat(count(log()).lost).isEqualTo(1);
    }
}
