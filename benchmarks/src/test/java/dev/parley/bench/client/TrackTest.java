package dev.parley.bench.client;

import static dev.parley.bench.client.Track.Arrival.IN_ORDER;
import static dev.parley.bench.client.Track.Arrival.REORDERED;
import static dev.parley.bench.client.Track.Arrival.REPEATED;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TrackTest {

    private final Track track = new Track();

    @Test
    void oneAfterTheOtherIsInOrder() {
        assertThat(track.arrived(0)).isEqualTo(IN_ORDER);
        assertThat(track.arrived(1)).isEqualTo(IN_ORDER);
        assertThat(track.next()).isEqualTo(2);
        assertThat(track.missing(2)).isZero();
    }

    @Test
    void aHoleIsMissing() {
        track.arrived(0);
        assertThat(track.arrived(3)).isEqualTo(IN_ORDER);
        assertThat(track.missing(4)).isEqualTo(2);
    }

    @Test
    void whatComesLateFillsItsHoleAndIsReordered() {
        track.arrived(0);
        track.arrived(3);
        assertThat(track.arrived(1)).isEqualTo(REORDERED);
        assertThat(track.missing(4)).isEqualTo(1);
    }

    @Test
    void whatCameBeforeIsRepeated() {
        track.arrived(0);
        track.arrived(2);
        track.arrived(1);
        assertThat(track.arrived(2)).isEqualTo(REPEATED);
        assertThat(track.arrived(1)).isEqualTo(REPEATED);
        assertThat(track.arrived(0)).isEqualTo(REPEATED);
        assertThat(track.missing(3)).isZero();
    }

    @Test
    void whatWasPublishedAndHasNotComeIsMissing() {
        track.arrived(0);
        assertThat(track.missing(5)).isEqualTo(4);
    }

    @Test
    void ofTheFirstOnesThoseThatCameLaterAreNotMissing() {
        track.startAt(10);
        track.arrived(11);
        track.arrived(14);
        assertThat(track.missing(15)).isEqualTo(3);
        assertThat(track.missing(13)).isEqualTo(2);
        assertThat(track.missing(11)).isEqualTo(1);
        assertThat(track.missing(9)).isZero();
    }

    @Test
    void nothingBeforeTheStartIsExpected() {
        track.startAt(10);
        assertThat(track.missing(10)).isZero();
        assertThat(track.arrived(12)).isEqualTo(IN_ORDER);
        assertThat(track.missing(13)).isEqualTo(2);
        assertThat(track.arrived(11)).isEqualTo(REORDERED);
        assertThat(track.arrived(9)).isEqualTo(REPEATED);
    }
}
