package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.ingest.ScriptedDurableStream.Operation;
import io.lettuce.core.RedisCommandExecutionException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the log does not take for now holds the stream; what it never takes goes to the dead letters. */
final class RejectedEntriesTest {

    private final RedisCommandExecutionException tooLarge =
            new RedisCommandExecutionException("ERR string exceeds maximum allowed size");

    @RegisterExtension
    final StreamFixture fixture = new StreamFixture();

    private final InMemoryStream stream = fixture.stream;
    private final ScriptedDurableStream redis = fixture.redis;
    private final StreamSource source = fixture.source;

    /** Every retry of so many comes in that time: each begins after progress, so none is put off for longer than the first. */
    private void retries(int count) {
        fixture.pass(StreamFixture.FIRST_RETRY.multipliedBy(count));
    }

    @Test
    void whatIsRefusedForNowHoldsTheStreamAndNothingOvertakesIt() {
        stream.addEvents(3);
        fixture.store.refuse("2-0", ErrorCode.UNAVAILABLE);
        fixture.open();
        assertThat(fixture.store.log()).isEqualTo(StreamFixture.entries(1, 1));
        stream.addEvents(150);
        fixture.pass(Duration.ofMinutes(1));
        assertThat(fixture.store.log()).isEqualTo(StreamFixture.entries(1, 1));
        assertThat(fixture.asked("append").size()).as("retried").isBetween(400, 1200);
        assertThat(stream.attempts).isEmpty();
        assertThat(stream.deadLetters).isEmpty();
        fixture.store.accept("2-0");
        retries(1);
        assertThat(fixture.store.log()).isEqualTo(StreamFixture.entries(1, 153));
        assertThat(fixture.stored).hasSize(153);
    }

    @Test
    void anEntryThatIsReadAgainAndAgainWithARefusedOneIsCountedOnce() {
        stream.addEvents(2);
        fixture.store.refuse("2-0", ErrorCode.UNAVAILABLE);
        fixture.open();
        retries(10);
        fixture.store.accept("2-0");
        retries(1);
        assertThat(source.appended()).isEqualTo(2);
    }

    @Test
    void whatIsRefusedForGoodGoesToTheDeadLettersAfterSomeTriesAndTheRestGoesOn() {
        stream.addEvents(3);
        fixture.store.refuse("2-0", ErrorCode.CONFLICT);
        fixture.open();
        assertThat(stream.attempts).containsEntry("2-0", 1L);
        assertThat(stream.group).isEqualTo(new InMemoryStream.Group("0-0", 0L));
        retries(1);
        assertThat(stream.attempts).containsEntry("2-0", 2L);
        assertThat(stream.deadLetters).isEmpty();
        retries(1);
        assertThat(stream.deadLetters).containsOnlyKeys("2-0");
        assertThat(reason("2-0")).isEqualTo("refused 2-0");
        assertThat(stream.attempts).isEmpty();
        assertThat(stream.group).isEqualTo(new InMemoryStream.Group("3-0", 3L));
        assertThat(fixture.store.log()).containsExactly("s 1-0", "s 3-0");
        assertThat(source.dead()).isEqualTo(1);
        assertThat(source.passedOver()).isZero();
    }

    @Test
    void whoeverTakesOverGoesOnCounting() {
        stream.addEvents(1);
        stream.attempts.put("1-0", 2L);
        fixture.store.refuse("1-0", ErrorCode.CONFLICT);
        fixture.open();
        assertThat(stream.deadLetters).containsOnlyKeys("1-0");
    }

    @Test
    void noEntryIsDeadBeforeAllThatAreRefusedHaveHadTheirTries() {
        stream.addEvents(2);
        stream.attempts.put("1-0", 2L);
        fixture.store.refuse("1-0", ErrorCode.CONFLICT);
        fixture.store.refuse("2-0", ErrorCode.CONFLICT);
        fixture.open();
        assertThat(stream.deadLetters).isEmpty();
        retries(2);
        assertThat(stream.deadLetters).containsOnlyKeys("1-0", "2-0");
        assertThat(source.dead()).isEqualTo(2);
    }

    @Test
    void noTryIsCountedWhileSomethingElseIsRefusedForNow() {
        stream.addEvents(2);
        fixture.store.refuse("1-0", ErrorCode.CONFLICT);
        fixture.store.refuse("2-0", ErrorCode.UNAVAILABLE);
        fixture.open();
        retries(10);
        assertThat(stream.attempts).isEmpty();
        assertThat(stream.deadLetters).isEmpty();
        fixture.store.accept("2-0");
        retries(4);
        assertThat(stream.deadLetters).containsOnlyKeys("1-0");
    }

    @Test
    void whatIsNoEventGoesToTheDeadLettersImmediatelyWithItsReason() {
        stream.add(Map.of("nonsense", "1"));
        stream.addEvents(1);
        stream.add(Map.of("event", "agent.note", "payload", "no json"));
        fixture.open();
        assertThat(stream.deadLetters).containsOnlyKeys("1-0", "3-0");
        assertThat(reason("1-0")).startsWith("the entry names no event");
        assertThat(reason("3-0")).contains("JSON");
        assertThat(fixture.asked("append", "a deadLetter", "a count", "a clear"))
                .containsExactly("append [2-0]", "a deadLetter 1-0", "a deadLetter 3-0", "a clearAttempts");
        assertThat(source.dead()).isEqualTo(2);
        assertThat(source.appended()).isEqualTo(1);
        assertThat(stream.group).isEqualTo(new InMemoryStream.Group("3-0", 3L));
    }

    @Test
    void noEntryIsDeadBeforeTheOthersOfItsBatchAreInTheLog() {
        stream.add(Map.of("nonsense", "1"));
        stream.addEvents(1);
        fixture.store.failNext(StreamFixture.unavailable());
        fixture.open();
        assertThat(stream.deadLetters).isEmpty();
        retries(1);
        assertThat(stream.deadLetters).containsOnlyKeys("1-0");
    }

    @Test
    void deadLettersComeInTheOrderOfTheStream() {
        stream.add(Map.of("nonsense", "1"));
        stream.addEvents(1);
        stream.add(Map.of("nonsense", "3"));
        stream.attempts.put("2-0", 2L);
        fixture.store.refuse("2-0", ErrorCode.CONFLICT);
        fixture.open();
        assertThat(stream.deadLetters.keySet()).containsExactly("1-0", "2-0", "3-0");
    }

    @Test
    void aDeadLetterThatIsThereAlreadyIsNotCountedAgain() {
        stream.add(Map.of("nonsense", "1"));
        fixture.open();
        source.dispose();
        stream.group = new InMemoryStream.Group("0-0", 0L); // as a node that was killed before it had committed
        stream.progress = null;
        StreamSource again = fixture.source(redis);
        again.open();
        fixture.time.advanceTime();
        assertThat(again.dead()).isZero();
        assertThat(stream.deadLetters).hasSize(1);
        assertThat(stream.group).isEqualTo(new InMemoryStream.Group("1-0", 1L));
    }

    @Test
    void anEntryThatTheDeadLettersDoNotTakeIsPassedOverAfterSomeTries() {
        redis.fail(Operation.DEAD_LETTER, new DeadLetterRejectedException(tooLarge));
        stream.add(Map.of("nonsense", "1"));
        stream.addEvents(1);
        fixture.open();
        retries(1);
        assertThat(source.passedOver()).isZero();
        assertThat(stream.attempts).hasSize(1).containsValue(2L);
        assertThat(stream.group).isEqualTo(new InMemoryStream.Group("0-0", 0L));
        retries(1);
        assertThat(source.passedOver()).isEqualTo(1);
        assertThat(source.dead()).isZero();
        assertThat(stream.attempts).isEmpty();
        assertThat(stream.group).isEqualTo(new InMemoryStream.Group("2-0", 2L));
    }

    @Test
    void anEntryThatIsPassedOverIsCountedOnceWhileOthersAreStillTried() {
        redis.fail(Operation.DEAD_LETTER, new DeadLetterRejectedException(tooLarge));
        stream.add(Map.of("nonsense", "1"));
        stream.add(Map.of("nonsense", "2"));
        fixture.open();
        retries(4);
        assertThat(source.passedOver())
                .as("the second one has its tries after the first")
                .isEqualTo(2);
        assertThat(fixture.asked("a countAttempts"))
                .as("three tries of the first, and three in which both are tried")
                .hasSize(3 + 1 + 2 + 2);
    }

    @Test
    void deadLettersThatAreUnavailableHoldTheStreamAndCountNoTry() {
        redis.fail(Operation.DEAD_LETTER, StreamFixture.unavailable());
        stream.add(Map.of("nonsense", "1"));
        stream.addEvents(1);
        fixture.open();
        fixture.pass(Duration.ofMinutes(1));
        assertThat(source.passedOver()).isZero();
        assertThat(stream.attempts).isEmpty();
        assertThat(stream.group).isEqualTo(new InMemoryStream.Group("0-0", 0L));
        redis.recover(Operation.DEAD_LETTER);
        retries(1);
        assertThat(stream.deadLetters).containsOnlyKeys("1-0");
    }

    @Test
    void deadLettersThatThisUserMayNotWriteAreTrouble() {
        redis.failNext(
                Operation.DEAD_LETTER,
                new DeadLetterRejectedException(new RedisCommandExecutionException("NOPERM no access to s:dead")));
        stream.add(Map.of("nonsense", "1"));
        fixture.open();
        assertThat(source.trouble()).startsWith("s can't be read: NOPERM no access to s:dead");
    }

    @Test
    void whatConcernsAnEntryOrItsDeadLettersKeyIsARejection() {
        assertThat(DeadLetterRejectedException.isCause(tooLarge)).isTrue();
        assertThat(DeadLetterRejectedException.isCause(ParleyException.of(ErrorCode.CONFLICT, "another program's")))
                .isTrue();
        assertThat(DeadLetterRejectedException.isCause(StreamFixture.unavailable()))
                .isFalse();
        assertThat(DeadLetterRejectedException.isCause(new IllegalStateException()))
                .isFalse();
        assertThat(new DeadLetterRejectedException(tooLarge)).hasMessage("ERR string exceeds maximum allowed size");
    }

    private String reason(String id) {
        return Objects.requireNonNull(stream.deadLetters.get(id)).reason();
    }
}
