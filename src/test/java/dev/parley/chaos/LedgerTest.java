package dev.parley.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The ledger finds what it is there for. Events are numbers; a position is the number in the log; 0 stands for a gap with its snapshot. */
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
        return new Ledger.Shown(mark(number), "0");
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
