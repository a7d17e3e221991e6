package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ingest.ScriptedDurableStream.Operation;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** While Redis is unavailable a reader retries, and goes on where it was. */
final class StreamOutageTest {

    @RegisterExtension
    final StreamFixture fixture = new StreamFixture();

    private final InMemoryStream stream = fixture.stream;
    private final ScriptedDurableStream redis = fixture.redis;
    private final StreamSource source = fixture.source;

    @Test
    void aNodeThatStartsWithoutRedisReadsWhenItCanBeReached() {
        StreamFixture.cut(redis);
        stream.addEvents(2);
        fixture.open();
        fixture.pass(Duration.ofMinutes(5));
        assertThat(source.reading()).isFalse();
        StreamFixture.mend(redis);
        fixture.pass(StreamFixture.LONGEST_RETRY);
        assertThat(fixture.store.log()).isEqualTo(StreamFixture.entries(1, 2));
    }

    @Test
    void retriesComeFurtherAndFurtherApartUpToTwoSeconds() {
        StreamFixture.cut(redis);
        fixture.open();
        assertThat(redis.calls(Operation.CONNECT)).isEqualTo(1);
        fixture.pass(Duration.ofMillis(49));
        assertThat(redis.calls(Operation.CONNECT)).isEqualTo(1);
        fixture.pass(StreamFixture.FIRST_RETRY.minusMillis(49));
        assertThat(redis.calls(Operation.CONNECT)).isBetween(2, 3);
        fixture.pass(Duration.ofSeconds(10));
        int calls = redis.calls(Operation.CONNECT);
        fixture.pass(Duration.ofSeconds(100));
        assertThat(redis.calls(Operation.CONNECT) - calls).isBetween(50, 100);
    }

    @Test
    void aConnectionThatIsLostIsMadeAgainAndTheLeaseAskedForAgain() {
        stream.addEvents(1);
        fixture.open();
        assertThat(redis.connections()).isEqualTo(1);
        fixture.asked();
        redis.failNext(Operation.READ, StreamFixture.unavailable());
        stream.addEvents(1);
        fixture.pass(StreamFixture.FIRST_RETRY);
        assertThat(redis.connections()).isEqualTo(1);
        assertThat(fixture.asked("a connect", "a ensureGroup", "a acquire", "append"))
                .containsExactly("a connect", "a ensureGroup", "a acquire true", "append [2-0]");
    }

    @Test
    void aReaderThatRedisDeniesItsGroupAfterAnOutageReadsNothing() {
        fixture.open();
        redis.fail(Operation.ENSURE_GROUP, StreamFixture.denied());
        redis.failNext(Operation.AWAIT, StreamFixture.unavailable());
        fixture.pass(StreamFixture.HEARTBEAT.plus(StreamFixture.FIRST_RETRY));
        assertThat(source.reading()).isFalse();
        assertThat(source.trouble()).isNotNull();
    }

    @Test
    void aWaitThatFailsIsRetried() {
        fixture.open();
        redis.failNext(Operation.AWAIT, StreamFixture.unavailable());
        fixture.pass(StreamFixture.HEARTBEAT.plus(StreamFixture.FIRST_RETRY));
        stream.addEvents(1);
        assertThat(fixture.store.log()).hasSize(1);
    }

    @Test
    void aBatchWhoseAppendFailsIsReadAgainAndAppendedInOrder() {
        stream.addEvents(120);
        fixture.store.failNext(StreamFixture.unavailable());
        fixture.open();
        assertThat(fixture.store.log()).isEmpty();
        assertThat(source.appended()).isZero();
        fixture.pass(StreamFixture.FIRST_RETRY);
        assertThat(fixture.store.log()).isEqualTo(StreamFixture.entries(1, 120));
        assertThat(fixture.stored).hasSize(120);
    }

    @Test
    void aCommitThatFailsLeavesItsBatchToBeReadAgain() {
        stream.addEvents(2);
        fixture.open();
        stream.addEvents(1);
        fixture.asked();
        redis.failNext(Operation.COMMIT, StreamFixture.unavailable());
        fixture.pass(StreamFixture.HEARTBEAT.plus(StreamFixture.FIRST_RETRY));
        stream.addEvents(1);
        assertThat(fixture.store.log()).isEqualTo(StreamFixture.entries(1, 4));
        assertThat(fixture.stored).hasSize(4);
    }

    @Test
    void afterProgressRetriesComeSoonAgain() {
        StreamFixture.cut(redis);
        fixture.open();
        fixture.pass(Duration.ofMinutes(1));
        StreamFixture.mend(redis);
        fixture.pass(StreamFixture.LONGEST_RETRY);
        assertThat(source.reading()).isTrue();
        redis.failNext(Operation.AWAIT, StreamFixture.unavailable());
        fixture.pass(StreamFixture.HEARTBEAT);
        int connects = redis.calls(Operation.CONNECT);
        fixture.pass(StreamFixture.FIRST_RETRY);
        assertThat(redis.calls(Operation.CONNECT)).isGreaterThanOrEqualTo(connects);
        assertThat(redis.connections()).isEqualTo(1);
    }

    @Test
    void whatRedisDeniesIsTroubleUntilItAnswersAboutTheLease() {
        redis.fail(Operation.ACQUIRE, StreamFixture.denied());
        fixture.open();
        assertThat(source.trouble())
                .isEqualTo("s can't be read: NOPERM this user has no permissions to run the 'xrange' command"
                        + " (the user needs the rights that OPERATIONS.md lists, and the keys ~app:*)");
        redis.recover(Operation.ACQUIRE);
        fixture.pass(StreamFixture.LONGEST_RETRY);
        assertThat(source.trouble()).isNull();
    }

    @Test
    void whatPassesByItselfIsNoTrouble() {
        StreamFixture.cut(redis);
        fixture.open();
        fixture.pass(Duration.ofSeconds(10));
        assertThat(source.trouble()).isNull();
    }

    @Test
    void aNodeThatStandsByGoesOnStandingByAfterAnOutage() {
        stream.grab("b", 60_000);
        fixture.open();
        StreamFixture.cut(redis);
        fixture.pass(Duration.ofSeconds(20));
        StreamFixture.mend(redis);
        fixture.pass(Duration.ofSeconds(50));
        assertThat(source.reading()).isTrue();
    }

    @Test
    void aNodeThatIsStoppedDuringAnOutageRetriesNoMore() {
        StreamFixture.cut(redis);
        fixture.open();
        source.dispose();
        int calls = redis.calls(Operation.CONNECT);
        fixture.pass(Duration.ofMinutes(1));
        assertThat(redis.calls(Operation.CONNECT)).isEqualTo(calls);
    }
}
