package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ShareTest {

    private final Share share = new Share();

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "1, 5, 1", "6, 1, 6", "6, 2, 3", "6, 4, 2", "7, 3, 3", "3, 3, 1", "9, 3, 3"})
    void aNodeReadsAsManyStreamsAsFallToItRoundedUp(int streams, int nodes, int part) {
        for (int i = 0; i < streams; i++) {
            share.heard("s" + i, nodes);
        }
        for (int i = 0; i < streams; i++) {
            assertThat(share.reserve("s" + i)).isEqualTo(i < part);
        }
    }

    @Test
    void aNodeThatHasHeardOfNobodyTakesEverything() {
        assertThat(List.of("a", "b", "c")).allMatch(share::reserve);
    }

    @Test
    void whatIsReservedStaysSo() {
        assertThat(share.reserve("a")).isTrue();
        share.heard("a", 5);
        assertThat(share.reserve("a")).isTrue();
    }

    @Test
    void whatIsAboveTheShareIsGivenUpAndNothingMore() {
        for (String stream : List.of("a", "b", "c", "d")) {
            assertThat(share.reserve(stream)).isTrue();
            share.heard(stream, 1);
        }
        for (String stream : List.of("a", "b", "c", "d")) {
            share.heard(stream, 2);
        }
        assertThat(share.giveUp("a")).isTrue();
        assertThat(share.giveUp("b")).isTrue();
        assertThat(share.giveUp("c")).isFalse();
        assertThat(share.reserve("a")).isFalse();
        share.free("c");
        assertThat(share.reserve("a")).isTrue();
    }

    @Test
    void aStreamThatNobodyElseWouldReadIsKept() {
        share.heard("a", 2);
        share.heard("b", 2);
        share.heard("mine", 1);
        share.hold("a");
        share.hold("b");
        share.hold("mine");
        assertThat(share.giveUp("mine")).isFalse();
        assertThat(share.giveUp("b")).isTrue();
    }

    @Test
    void whenNodesGoTheRestIsTakenOver() {
        share.heard("a", 2);
        share.heard("b", 2);
        assertThat(share.reserve("a")).isTrue();
        assertThat(share.reserve("b")).isFalse();
        share.heard("b", 1);
        assertThat(share.reserve("b")).isTrue();
    }
}
