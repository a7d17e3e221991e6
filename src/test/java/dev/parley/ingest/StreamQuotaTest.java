package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class StreamQuotaTest {

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "1, 5, 1", "6, 1, 6", "6, 2, 3", "6, 4, 2", "7, 3, 3", "3, 3, 1", "9, 3, 3"})
    void aNodeReadsAsManyStreamsAsFallToItRoundedUp(int streams, int nodes, int part) {
        List<String> names = IntStream.range(0, streams).mapToObj(i -> "s" + i).toList();
        StreamQuota quota = new StreamQuota(names);
        names.forEach(name -> quota.update(name, nodes));
        for (int i = 0; i < streams; i++) {
            assertThat(quota.reserve("s" + i)).isEqualTo(i < part);
        }
    }

    @Test
    void aNodeThatHasHeardOfNobodyTakesEverything() {
        StreamQuota quota = new StreamQuota(List.of("a", "b", "c"));
        assertThat(List.of("a", "b", "c")).allMatch(quota::reserve);
    }

    @Test
    void whatIsReservedStaysSo() {
        StreamQuota quota = new StreamQuota(List.of("a"));
        assertThat(quota.reserve("a")).isTrue();
        quota.update("a", 5);
        assertThat(quota.reserve("a")).isTrue();
    }

    @Test
    void whatIsAboveTheShareIsGivenUpAndNothingMore() {
        List<String> all = List.of("a", "b", "c", "d");
        StreamQuota quota = new StreamQuota(all);
        assertThat(all).allMatch(quota::reserve);
        all.forEach(stream -> quota.update(stream, 2));
        assertThat(quota.shed("a")).isTrue();
        assertThat(quota.shed("b")).isTrue();
        assertThat(quota.shed("c")).isFalse();
        assertThat(quota.reserve("a")).isFalse();
        quota.release("c");
        assertThat(quota.reserve("a")).isTrue();
    }

    @Test
    void aStreamThatNobodyElseWouldReadIsKept() {
        StreamQuota quota = new StreamQuota(List.of("a", "b", "mine"));
        quota.update("a", 2);
        quota.update("b", 2);
        quota.hold("a");
        quota.hold("b");
        quota.hold("mine");
        assertThat(quota.shed("mine")).isFalse();
        assertThat(quota.shed("b")).isTrue();
    }

    @Test
    void whenNodesGoTheRestIsTakenOver() {
        StreamQuota quota = new StreamQuota(List.of("a", "b"));
        quota.update("a", 2);
        quota.update("b", 2);
        assertThat(quota.reserve("a")).isTrue();
        assertThat(quota.reserve("b")).isFalse();
        quota.update("b", 1);
        assertThat(quota.reserve("b")).isTrue();
    }

    @Test
    void theStreamThatCameLastIsNotShed() {
        StreamQuota quota = new StreamQuota(List.of("a", "b"));
        quota.update("a", 2);
        quota.update("b", 2);
        quota.hold("a");
        quota.hold("b");
        assertThat(quota.shed("b")).isFalse();
        quota.hold("a");
        assertThat(quota.shed("a")).isFalse();
        assertThat(quota.shed("b")).isTrue();
        assertThat(quota.shed("a")).as("there is but one left").isFalse();
    }

    @Test
    void anUnknownNumberOfReadersChangesNothing() {
        StreamQuota quota = new StreamQuota(List.of("a", "b"));
        quota.update("a", 0);
        assertThat(quota.reserve("a")).isTrue();
        assertThat(quota.reserve("b")).isTrue();
    }
}
