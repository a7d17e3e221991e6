package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ingest.ScriptedDurableStream.Operation;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A reader appends a stream's entries to the conversations' logs, in order and each once. */
final class StreamReadingTest {

    @RegisterExtension
    final StreamFixture fixture = new StreamFixture();

    private final InMemoryStream stream = fixture.stream;
    private final ScriptedDurableStream redis = fixture.redis;
    private final StreamSource source = fixture.source;

    @Test
    void whatIsInTheStreamAlreadyIsAppendedInOneBatchAndThenTheGroupIsMoved() {
        stream.addEvents(3);
        fixture.open();
        assertThat(fixture.asked("append", "a commit 3-0"))
                .containsExactly("append [1-0, 2-0, 3-0]", "a commit 3-0/3 move");
        assertThat(stream.group).isEqualTo(new InMemoryStream.Group("3-0", 3L));
        assertThat(fixture.store.log()).isEqualTo(StreamFixture.entries(1, 3));
        assertThat(source.appended()).isEqualTo(3);
    }

    @Test
    void theHubLearnsWhereEachEventIsInItsLog() {
        stream.addEvent("x");
        stream.addEvent("y");
        fixture.open();
        assertThat(fixture.stored).containsExactly("x@1-0", "y@2-0");
    }

    @Test
    void aStreamThatDoesNotExistIsCreatedWithItsGroupAndWaitedFor() {
        fixture.open();
        assertThat(stream.group).isNotNull();
        fixture.pass(Duration.ofSeconds(3));
        stream.addEvents(1);
        assertThat(fixture.store.log()).isEqualTo(StreamFixture.entries(1, 1));
    }

    @Test
    void aNewEntryIsReadImmediately() {
        stream.addEvents(2);
        fixture.open();
        fixture.pass(Duration.ofMillis(70));
        fixture.asked();
        stream.addEvents(1);
        assertThat(fixture.asked("a read", "append")).startsWith("a read 2-0 201", "a read 3-0 201", "append [3-0]");
    }

    @Test
    void theNextBatchIsReadWhileOneIsAppendedAndNoMore() {
        stream.addEvents(150);
        Runnable append = fixture.store.holdNext();
        fixture.open();
        assertThat(fixture.asked("a read", "append").stream().map(line -> line.substring(0, 13)))
                .containsExactly("a read 0-0 10", "a read 101-0 ", "append [1-0, ");
        fixture.pass(StreamFixture.HEARTBEAT.multipliedBy(4));
        assertThat(redis.calls(Operation.READ)).isEqualTo(2);
        append.run();
        assertThat(fixture.store.log()).isEqualTo(StreamFixture.entries(1, 150));
    }

    @Test
    void theGroupIsMovedOnlyBehindWhatIsInTheLog() {
        stream.addEvents(2);
        Runnable append = fixture.store.holdNext();
        fixture.open();
        assertThat(stream.group).isEqualTo(new InMemoryStream.Group("0-0", 0L));
        assertThat(redis.calls(Operation.AWAIT)).isZero();
        append.run();
        assertThat(stream.group).isEqualTo(new InMemoryStream.Group("2-0", 2L));
    }

    @Test
    void anEntryThatIsInTheLogAlreadyIsCountedAndNotToldAgain() {
        stream.addEvents(2);
        fixture.open();
        source.dispose();
        stream.group = new InMemoryStream.Group("0-0", 0L); // as a node that was killed before it had committed
        stream.progress = null;
        StreamSource again = fixture.source(fixture.redis);
        again.open();
        fixture.time.advanceTime();
        assertThat(again.appended()).isEqualTo(2);
        assertThat(fixture.stored).hasSize(2);
        assertThat(fixture.store.log()).hasSize(2);
    }

    @Test
    void theFirstReadIsOfAHundredEntriesAndTheNextOfAsManyAsTheirSizeAllows() {
        stream.addEvents(120);
        fixture.open();
        assertThat(fixture.asked("a read"))
                .as("and the entry that was read last")
                .containsExactly("a read 0-0 101", "a read 101-0 201", "a read 120-0 201");
    }

    @Test
    void aReadOfLargeEntriesIsFollowedByASmallerOne() {
        stream.addEvents(110);
        fixture.open();
        String large = "x".repeat(40_000);
        for (int i = 0; i < 120; i++) {
            stream.add(Map.of("event", "agent.note", "conversation_id", "c", "text", large));
        }
        fixture.asked();
        stream.addEvents(1);
        assertThat(fixture.asked("a read")).startsWith("a read 230-0 105");
    }

    @Test
    void aReadIsNeverOfLessThanAHundredEntries() {
        String large = "x".repeat(60_000);
        for (int i = 0; i < 100; i++) {
            stream.add(Map.of("event", "agent.note", "conversation_id", "c", "text", large));
        }
        fixture.open();
        stream.addEvents(1);
        assertThat(fixture.asked("a read")).startsWith("a read 0-0 101", "a read 100-0 101");
    }

    @Test
    void aLostGroupIsCreatedAgainAndNoEntryIsAppendedTwice() {
        stream.addEvents(2);
        fixture.open();
        fixture.pass(StreamFixture.HEARTBEAT); // its progress is stored
        stream.group = null;
        stream.addEvents(2);
        fixture.pass(StreamFixture.FIRST_RETRY);
        assertThat(stream.group).isEqualTo(new InMemoryStream.Group("4-0", 4L));
        assertThat(fixture.store.log()).isEqualTo(StreamFixture.entries(1, 4));
        assertThat(fixture.stored).hasSize(4);
        assertThat(source.lostEntries()).isZero();
    }

    @Test
    void manySmallBatchesAreAppendedInOrder() {
        fixture.open();
        for (int i = 0; i < 500; i++) {
            stream.addEvents(1 + i % 3);
            fixture.pass(Duration.ofMillis(i % 7));
        }
        assertThat(fixture.store.log()).isEqualTo(StreamFixture.entries(1, 999));
        assertThat(List.copyOf(fixture.stored)).hasSize(999);
    }
}
