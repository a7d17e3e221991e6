package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The arithmetic of continuity. */
final class StreamCursorTest {

    private static StreamCursor at(int id, long count) {
        return new StreamCursor(new StreamOffset(id + "-0", count), 0);
    }

    private static List<StreamEntry> entries(int from, int to) {
        return IntStream.rangeClosed(from, to)
                .mapToObj(n -> new StreamEntry(n + "-0", Map.of()))
                .toList();
    }

    @Test
    void aReadThatBeginsWithTheEntryReadLastContinues() {
        assertThat(at(3, 3).continues(entries(3, 5))).isTrue();
        assertThat(at(3, 3).continues(entries(4, 5))).isFalse();
        assertThat(at(3, 3).continues(List.of())).isFalse();
    }

    @Test
    void whatWasReadMovesTheCursorAndWhatWasAppendedTheProgress() {
        StreamCursor cursor = at(3, 3);
        assertThat(cursor.advance(entries(4, 6))).isEqualTo(new StreamOffset("6-0", 6));
        assertThat(cursor.id()).isEqualTo("6-0");
        assertThat(cursor.progress()).isEqualTo(new StreamOffset("3-0", 3));
        cursor.appendedUpTo(new StreamOffset("6-0", 6));
        assertThat(cursor.progress()).isEqualTo(new StreamOffset("6-0", 6));
        assertThat(cursor.advance(List.of())).isEqualTo(new StreamOffset("6-0", 6));
    }

    @Test
    void anUnknownCountRemainsUnknownWhileEntriesAreRead() {
        StreamCursor cursor = at(3, StreamOffset.UNKNOWN);
        assertThat(cursor.advance(entries(4, 6))).isEqualTo(new StreamOffset("6-0", StreamOffset.UNKNOWN));
        assertThat(cursor.progress().counted()).isFalse();
    }

    @Test
    void theCountIsTakenFromRedisWhereEverythingReadIsInTheLog() {
        StreamCursor cursor = at(3, StreamOffset.UNKNOWN);
        cursor.counted(12);
        assertThat(cursor.progress()).isEqualTo(new StreamOffset("3-0", 12));
        cursor.counted(StreamOffset.UNKNOWN);
        assertThat(cursor.progress()).isEqualTo(new StreamOffset("3-0", 12));
        var unused = cursor.advance(entries(4, 4));
        cursor.counted(20);
        assertThat(cursor.progress()).as("4-0 was read since").isEqualTo(new StreamOffset("3-0", 12));
    }

    @Test
    void aCountThatIncludesAReportedLossIsNotReportedAgain() {
        StreamCursor cursor = at(3, 3);
        assertThat(cursor.missing(entries(9, 9), new TrimCheck(true, "9-0", 8))).isEqualTo(5);
        cursor.reportedLost(5);
        assertThat(cursor.missing(entries(9, 9), new TrimCheck(true, "9-0", 8))).isZero();
        assertThat(cursor.progress()).isEqualTo(new StreamOffset("3-0", 8));
        cursor.counted(8);
        assertThat(cursor.progress()).isEqualTo(new StreamOffset("3-0", 8));
        assertThat(cursor.missing(entries(9, 9), new TrimCheck(true, "9-0", 8))).isZero();
    }

    @Test
    void nothingIsMissingWhereTheStreamReachesBackBeforeTheReader() {
        assertThat(at(3, 3).missing(entries(5, 6), new TrimCheck(false, "1-0", 10)))
                .isZero();
    }

    @Test
    void nothingIsKnownToBeMissingWhereTheServerDoesNotCount() {
        assertThat(at(3, 3).missing(entries(5, 6), new TrimCheck(true, "5-0", StreamOffset.UNKNOWN)))
                .isZero();
    }

    @Test
    void entriesThatWereFoundAndAreRemovedSinceAreNotMissing() {
        assertThat(at(3, 3).missing(entries(4, 8), new TrimCheck(true, "7-0", 6)))
                .isZero();
        assertThat(at(3, 3).missing(entries(5, 8), new TrimCheck(true, "7-0", 6)))
                .isEqualTo(1);
        assertThat(at(3, 3).missing(entries(5, 8), new TrimCheck(true, "", 8))).isEqualTo(1);
    }

    @Test
    void aCursorWithoutACountLearnsItInsteadOfReportingALoss() {
        StreamCursor cursor = at(3, StreamOffset.UNKNOWN);
        assertThat(cursor.missing(entries(9, 9), new TrimCheck(true, "9-0", 8))).isZero();
        assertThat(cursor.advance(entries(9, 9))).isEqualTo(new StreamOffset("9-0", 9));
    }

    @Test
    void theLogsKnowARecreatedStreamByAnotherName() {
        assertThat(new StreamCursor(StreamOffset.BEGINNING, 0).sourceName("s")).isEqualTo("s");
        assertThat(new StreamCursor(StreamOffset.BEGINNING, 2).sourceName("s")).isEqualTo("s@2");
    }
}
