package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ingest.ScriptedDurableStream.Operation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Where the entry that was read last is still in the stream nothing was lost; where it is not, what is lost is counted and told. */
final class StreamContinuityTest {

    @RegisterExtension
    final StreamFixture fixture = new StreamFixture();

    private final InMemoryStream stream = fixture.stream;
    private final ScriptedDurableStream redis = fixture.redis;
    private final StreamSource source = fixture.source;

    private void told(long count) {
        assertThat(source.lostEntries()).isEqualTo(count);
        assertThat(fixture.store.losses().of("s")).isEqualTo(count);
    }

    private void waitWithEntries(int count) {
        stream.addEvents(count);
        fixture.open();
        fixture.asked();
    }

    /** The reader hears of nothing before the trim, as of what is done in one transaction. */
    private void addTrimmed(int count, int kept) {
        Runnable read = redis.holdNext(Operation.READ);
        stream.addEvents(count);
        stream.trim(kept);
        read.run();
    }

    @Test
    void whileTheEntryThatWasReadLastIsThereNothingElseIsAsked() {
        waitWithEntries(5);
        stream.trimBefore(5);
        stream.addEvents(5);
        assertThat(redis.calls(Operation.CHECK_TRIMMED)).isEqualTo(1); // of 0-0, at the beginning
        told(0);
    }

    @Test
    void whatIsTrimmedAfterItWasReadIsNoLoss() {
        waitWithEntries(5);
        stream.trim(0);
        stream.addEvents(5);
        assertThat(fixture.asked("a checkTrimmed")).containsExactly("a checkTrimmed 5-0");
        told(0);
        assertThat(fixture.store.log()).isEqualTo(StreamFixture.entries(1, 10));
    }

    @Test
    void theEntryThatWasReadLastMayBeDeletedAlone() {
        waitWithEntries(5);
        stream.delete("5-0");
        stream.addEvents(1);
        told(0);
        assertThat(fixture.store.log()).hasSize(6);
    }

    @Test
    void whatIsTrimmedBeforeItIsReadIsWrittenDownBeforeWhatComesBehindItIsAppended() {
        waitWithEntries(10);
        addTrimmed(50, 10);
        told(40);
        assertThat(fixture.asked("a checkTrimmed", "lost", "a commit 10-0/50 ", "append"))
                .containsExactly(
                        "a checkTrimmed 10-0",
                        "lost 40",
                        "a commit 10-0/50 move register",
                        "append [51-0, 52-0, 53-0, 54-0, 55-0, 56-0, 57-0, 58-0, 59-0, 60-0]");
        assertThat(fixture.store.log()).hasSize(20).endsWith("s 60-0");
        assertThat(stream.group).isEqualTo(new InMemoryStream.Group("60-0", 60L));
    }

    @Test
    void aLossIsToldOnceAndTheNextOneAgain() {
        waitWithEntries(10);
        addTrimmed(50, 10);
        stream.addEvents(5);
        fixture.pass(StreamFixture.HEARTBEAT.multipliedBy(3));
        told(40);
        addTrimmed(20, 5);
        told(55);
        assertThat(stream.group).isEqualTo(new InMemoryStream.Group("85-0", 85L));
    }

    @Test
    void whoeverTakesOverDoesNotTellALossAgain() {
        waitWithEntries(10);
        Runnable append = fixture.store.holdNext();
        addTrimmed(50, 10);
        told(40);
        source.dispose(); // before anything behind the loss is in the log
        append.run();
        fixture.pass(StreamFixture.LEASE);
        StreamSource other = fixture.source(fixture.node("b"));
        other.open();
        fixture.time.advanceTime();
        assertThat(other.lostEntries()).isZero();
        told(40);
        assertThat(fixture.store.log()).hasSize(20);
    }

    @Test
    void whatIsTrimmedBeforeTheVeryFirstReadIsLostAsWell() {
        Runnable read = redis.holdNext(Operation.READ);
        fixture.open();
        stream.addEvents(50);
        stream.trim(10);
        read.run();
        told(40);
        assertThat(fixture.store.log()).hasSize(10);
    }

    @Test
    void whatIsTrimmedToNothingIsLostAltogether() {
        waitWithEntries(10);
        addTrimmed(50, 0);
        told(50);
        stream.addEvents(1);
        assertThat(fixture.store.log()).hasSize(11).endsWith("s 61-0");
        told(50);
    }

    @Test
    void whatWasTrimmedBeforeTheGroupWasCreatedIsNoLoss() {
        stream.addEvents(50);
        stream.trim(10);
        fixture.open();
        told(0);
        assertThat(fixture.store.log()).hasSize(10);
    }

    @Test
    void entriesThatAreTrimmedBetweenAReadAndItsProofWereRead() {
        waitWithEntries(10);
        stream.trim(0);
        redis.beforeNext(Operation.CHECK_TRIMMED, () -> stream.trimBefore(13));
        Runnable read = redis.holdNext(Operation.READ);
        stream.addEvents(5);
        read.run();
        told(0);
        assertThat(fixture.store.log()).isEqualTo(StreamFixture.entries(1, 15));
    }

    @Test
    void aServerThatDoesNotCountTellsNoLoss() {
        stream.counting = false;
        waitWithEntries(10);
        addTrimmed(50, 10);
        told(0);
        assertThat(fixture.store.log()).hasSize(20);
    }

    @Test
    void aReaderThatDoesNotKnowTheCountTakesItFromTheFirstProofAndTellsTheNextLoss() {
        stream.addEvents(20);
        stream.group = new InMemoryStream.Group("10-0", null); // of a reader of another kind
        Runnable read = redis.holdNext(Operation.READ);
        fixture.open();
        stream.trimBefore(15);
        read.run();
        told(0);
        assertThat(stream.group).isEqualTo(new InMemoryStream.Group("20-0", 20L));
        addTrimmed(10, 2);
        told(8);
    }

    @Test
    void aReaderThatDoesNotKnowTheCountLearnsItWhereNothingIsUnread() {
        stream.addEvents(20);
        stream.delete("20-0");
        stream.group = new InMemoryStream.Group("10-0", null);
        fixture.open();
        assertThat(fixture.asked("a commit 19-0")).startsWith("a commit 19-0/-1 move");
        stream.addEvents(1);
        fixture.pass(StreamFixture.HEARTBEAT.multipliedBy(2));
        assertThat(stream.group).isEqualTo(new InMemoryStream.Group("21-0", 21L));
        addTrimmed(10, 2);
        told(8);
    }

    @Test
    void whatIsDeletedByItselfBeforeItIsReadIsNoLossLater() {
        stream.addEvents(10);
        stream.delete("6-0");
        fixture.open();
        fixture.pass(StreamFixture.HEARTBEAT); // the reader learns how many were added
        stream.trim(0);
        stream.addEvents(5);
        told(0);
        assertThat(fixture.store.log()).hasSize(14);
    }

    @Test
    void aLossThatCanNotBeWrittenDownHoldsTheStream() {
        waitWithEntries(10);
        fixture.store.losses().failNext(StreamFixture.unavailable());
        addTrimmed(50, 10);
        told(0);
        assertThat(fixture.store.log()).hasSize(10);
        fixture.pass(StreamFixture.FIRST_RETRY);
        told(40);
        assertThat(fixture.store.log()).hasSize(20);
    }

    @Test
    void aReaderThatLosesItsLeaseWhileALossIsWrittenDownAppendsNothingBehindIt() {
        waitWithEntries(10);
        fixture.store.losses().beforeNext(() -> stream.grab("b", 60_000));
        addTrimmed(50, 10);
        assertThat(source.reading()).isFalse();
        assertThat(fixture.store.log()).hasSize(10);
    }

    @Test
    void aStreamThatWasDeletedAndRecreatedHasLostSomethingAndItsEntriesAreNew() {
        waitWithEntries(10);
        fixture.pass(StreamFixture.HEARTBEAT); // its progress is stored
        fixture.asked();
        stream.drop();
        stream.addEvents(3);
        fixture.pass(StreamFixture.HEARTBEAT.plus(StreamFixture.FIRST_RETRY));
        told(1);
        assertThat(fixture.asked("lost", "a commit 0-0/0 ", "append"))
                .containsExactly("lost 1", "a commit 0-0/0 move register", "append [1-0, 2-0, 3-0]");
        assertThat(fixture.store.log()).hasSize(13).endsWith("s@1 1-0", "s@1 2-0", "s@1 3-0");
        fixture.pass(StreamFixture.HEARTBEAT);
        assertThat(stream.progress).isEqualTo(new InMemoryStream.Progress("3-0", 3, 1));
    }

    @Test
    void whoeverTakesOverARecreatedStreamGoesOnInIt() {
        aStreamThatWasDeletedAndRecreatedHasLostSomethingAndItsEntriesAreNew();
        var unused = source.close().subscribe();
        StreamSource other = fixture.source(fixture.node("b"));
        stream.addEvents(1);
        other.open();
        fixture.time.advanceTime();
        assertThat(other.lostEntries()).isZero();
        assertThat(fixture.store.log()).hasSize(14).endsWith("s@1 4-0");
    }

    @Test
    void aReaderThatLosesItsLeaseWhileARecreatedStreamIsToldReadsNothingOfIt() {
        waitWithEntries(10);
        fixture.pass(StreamFixture.HEARTBEAT);
        stream.drop();
        fixture.store.losses().beforeNext(() -> stream.grab("b", 60_000));
        stream.addEvents(3);
        fixture.pass(StreamFixture.HEARTBEAT.plus(StreamFixture.FIRST_RETRY));
        assertThat(source.reading()).isFalse();
        assertThat(fixture.store.log()).hasSize(10);
    }
}
