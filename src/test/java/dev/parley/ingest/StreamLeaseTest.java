package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ingest.ScriptedDurableStream.Operation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Of the nodes that may read a stream one does, and the others stand by. */
final class StreamLeaseTest {

    @RegisterExtension
    final StreamFixture fixture = new StreamFixture();

    private final InMemoryStream stream = fixture.stream;
    private final ScriptedDurableStream redis = fixture.redis;
    private final StreamSource source = fixture.source;

    @Test
    void aFreeLeaseIsTakenImmediately() {
        fixture.open();
        assertThat(stream.holder).isEqualTo("a");
        assertThat(source.reading()).isTrue();
        assertThat(fixture.asked("a ensureGroup", "a acquire")).containsExactly("a ensureGroup", "a acquire true");
    }

    @Test
    void aNodeAsksForALeaseThatAnotherOneHoldsOnceABeat() {
        stream.grab("b", 60_000);
        fixture.open();
        fixture.asked();
        fixture.pass(StreamFixture.HEARTBEAT.multipliedBy(4));
        assertThat(fixture.asked("a acquire")).hasSize(4);
        assertThat(source.reading()).isFalse();
        assertThat(redis.calls(Operation.READ)).isZero();
    }

    @Test
    void aNodeAsksForALeaseAMomentAfterItExpires() {
        stream.grab("b", 200);
        fixture.open();
        fixture.pass(Duration.ofMillis(204));
        assertThat(source.reading()).isFalse();
        fixture.pass(Duration.ofMillis(1));
        assertThat(source.reading()).isTrue();
        assertThat(stream.holder).isEqualTo("a");
    }

    @Test
    void aLeaseWithoutAnExpiryIsAskedForOnceABeat() {
        stream.grab("b", 1);
        stream.neverExpires();
        fixture.open();
        fixture.asked();
        fixture.pass(StreamFixture.HEARTBEAT.multipliedBy(3));
        assertThat(fixture.asked("a acquire")).hasSize(3);
    }

    @Test
    void whoeverTakesOverReadsOnBehindTheLastCommit() {
        StreamSource other = fixture.source(fixture.node("b"));
        stream.addEvents(3);
        fixture.open();
        other.open();
        fixture.pass(StreamFixture.HEARTBEAT);
        source.dispose(); // as a node that is killed: without releasing the lease
        stream.addEvents(2);
        fixture.pass(StreamFixture.LEASE.minus(StreamFixture.HEARTBEAT));
        assertThat(fixture.store.log()).hasSize(3);
        fixture.pass(StreamFixture.HEARTBEAT.multipliedBy(2));
        assertThat(other.reading()).isTrue();
        assertThat(fixture.store.log()).isEqualTo(StreamFixture.entries(1, 5));
        assertThat(fixture.asked("append")).containsExactly("append [1-0, 2-0, 3-0]", "append [4-0, 5-0]");
    }

    @Test
    void aReaderWithNothingToReadRenewsItsLeaseOnceABeat() {
        fixture.open();
        fixture.asked();
        fixture.pass(StreamFixture.HEARTBEAT.multipliedBy(100));
        assertThat(stream.holder).isEqualTo("a");
        assertThat(stream.held()).isTrue();
        assertThat(fixture.asked("a commit")).hasSize(100).allMatch(line -> line.equals("a commit 0-0/0 register"));
    }

    @Test
    void aReaderWithMuchToReadRegistersOnceABeat() {
        fixture.open();
        fixture.asked();
        for (int i = 0; i < 100; i++) {
            stream.addEvents(1);
            fixture.pass(Duration.ofMillis(20));
        }
        assertThat(fixture.asked("a commit").stream().filter(line -> line.endsWith("register")))
                .hasSize(3);
    }

    @Test
    void aReaderThatIdlesAndHasLostItsLeaseStandsBy() {
        fixture.open();
        stream.grab("b", 60_000);
        fixture.pass(StreamFixture.HEARTBEAT);
        assertThat(source.reading()).isFalse();
        stream.addEvents(1);
        fixture.pass(StreamFixture.HEARTBEAT);
        assertThat(fixture.store.log()).isEmpty();
    }

    @Test
    void aReaderThatLosesItsLeaseWhileABatchIsAppendedMovesTheGroupNoMore() {
        StreamSource other = fixture.source(fixture.node("b"));
        stream.addEvents(3);
        Runnable append = fixture.store.holdNext();
        fixture.open();
        stream.grab("b", 4_000);
        append.run();
        assertThat(source.reading()).isFalse();
        assertThat(fixture.store.log()).isEqualTo(StreamFixture.entries(1, 3));
        assertThat(stream.group).isEqualTo(new InMemoryStream.Group("0-0", 0L));

        other.open();
        fixture.time.advanceTime();
        assertThat(other.reading()).isTrue();
        assertThat(fixture.store.log()).as("they are there already").isEqualTo(StreamFixture.entries(1, 3));
        assertThat(fixture.stored).containsExactly("c@1-0", "c@2-0", "c@3-0");
        assertThat(stream.group).isEqualTo(new InMemoryStream.Group("3-0", 3L));
    }

    @Test
    void aReaderThatLosesItsLeaseGetsItBackAndReadsOnWhereTheGroupStands() {
        stream.addEvents(2);
        fixture.open();
        stream.grab("b", 700);
        stream.addEvents(1);
        fixture.pass(Duration.ofSeconds(2));
        assertThat(source.reading()).isTrue();
        assertThat(fixture.store.log()).isEqualTo(StreamFixture.entries(1, 3));
        assertThat(stream.group).isEqualTo(new InMemoryStream.Group("3-0", 3L));
    }

    @Test
    void aReaderThatLosesItsLeaseBetweenAReadAndItsProofAppendsNothingOfIt() {
        stream.addEvents(2);
        fixture.open();
        fixture.asked();
        stream.trim(0);
        redis.beforeNext(Operation.CHECK_TRIMMED, () -> stream.grab("b", 60_000));
        stream.addEvents(1);
        assertThat(fixture.asked("a checkTrimmed", "append")).containsExactly("a checkTrimmed 2-0");
        assertThat(source.reading()).isFalse();
        assertThat(fixture.store.log()).hasSize(2);
    }

    @Test
    void aNodeThatStopsReleasesItsLeaseAndRegistersNoLonger() {
        fixture.open();
        var unused = source.close().subscribe();
        assertThat(stream.held()).isFalse();
        assertThat(stream.reads("a")).isFalse();
        assertThat(redis.connections()).isZero();
        fixture.asked();
        fixture.pass(Duration.ofMinutes(1));
        assertThat(fixture.asked("a ")).isEmpty();
    }

    @Test
    void aNodeThatStopsWhileABatchIsAppendedLeavesThatToTheNextReader() {
        StreamSource other = fixture.source(fixture.node("b"));
        stream.addEvents(2);
        Runnable append = fixture.store.holdNext();
        fixture.open();
        var unused = source.close().subscribe();
        append.run();
        assertThat(fixture.store.log()).isEmpty();
        other.open();
        fixture.time.advanceTime();
        assertThat(fixture.store.log()).isEqualTo(StreamFixture.entries(1, 2));
    }

    @Test
    void aNodeThatCanNotReachRedisStopsAllTheSame() {
        fixture.open();
        StreamFixture.cut(redis);
        List<String> ended = new ArrayList<>();
        var unused = source.close().subscribe(any -> {}, e -> ended.add("failed"), () -> ended.add("completed"));
        assertThat(ended).containsExactly("completed");
    }

    @Test
    void aNodeThatHasStoppedReadsNothing() {
        fixture.open();
        var unused = source.close().subscribe();
        assertThat(source.reading()).isFalse();
    }
}
