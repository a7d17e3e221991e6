package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ShareTest {

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "1, 5, 1", "6, 1, 6", "6, 2, 3", "6, 4, 2", "7, 3, 3", "3, 3, 1", "9, 3, 3"})
    void aNodeReadsAsManyStreamsAsFallToItRoundedUp(int streams, int nodes, int part) {
        List<String> names = IntStream.range(0, streams).mapToObj(i -> "s" + i).toList();
        Share share = new Share(names);
        names.forEach(name -> share.heard(name, nodes));
        for (int i = 0; i < streams; i++) {
            assertThat(share.reserve("s" + i)).isEqualTo(i < part);
        }
    }

    @Test
    void aNodeThatHasHeardOfNobodyTakesEverything() {
        Share share = new Share(List.of("a", "b", "c"));
        assertThat(List.of("a", "b", "c")).allMatch(share::reserve);
    }

    @Test
    void whatIsReservedStaysSo() {
        Share share = new Share(List.of("a"));
        assertThat(share.reserve("a")).isTrue();
        share.heard("a", 5);
        assertThat(share.reserve("a")).isTrue();
    }

    @Test
    void whatIsAboveTheShareIsGivenUpAndNothingMore() {
        List<String> all = List.of("a", "b", "c", "d");
        Share share = new Share(all);
        assertThat(all).allMatch(share::reserve);
        all.forEach(stream -> share.heard(stream, 2));
        assertThat(share.giveUp("a")).isTrue();
        assertThat(share.giveUp("b")).isTrue();
        assertThat(share.giveUp("c")).isFalse();
        assertThat(share.reserve("a")).isFalse();
        share.free("c");
        assertThat(share.reserve("a")).isTrue();
    }

    @Test
    void aStreamThatNobodyElseWouldReadIsKept() {
        Share share = new Share(List.of("a", "b", "mine"));
        share.heard("a", 2);
        share.heard("b", 2);
        share.hold("a");
        share.hold("b");
        share.hold("mine");
        assertThat(share.giveUp("mine")).isFalse();
        assertThat(share.giveUp("b")).isTrue();
    }

    @Test
    void whenNodesGoTheRestIsTakenOver() {
        Share share = new Share(List.of("a", "b"));
        share.heard("a", 2);
        share.heard("b", 2);
        assertThat(share.reserve("a")).isTrue();
        assertThat(share.reserve("b")).isFalse();
        share.heard("b", 1);
        assertThat(share.reserve("b")).isTrue();
    }
}
